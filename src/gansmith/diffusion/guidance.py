"""Samples that follow their condition more closely, and stay in range while they do."""

from __future__ import annotations

import torch
from torch import Tensor


def guided(conditional: Tensor, unconditional: Tensor, weight: float) -> Tensor:
    """u + w (c - u): w = 0 leaves out the condition, 1 is the condition alone, more goes beyond it.

    Ho & Salimans, 2022, arXiv:2207.12598, equation 6, with w one larger than there. The three kinds of prediction
    depend on each other by an affine map, so it means the same for each.
    """
    return unconditional + weight * (conditional - unconditional)


def dynamic_threshold(clean: Tensor, share: float) -> Tensor:
    """Pictures scaled back into [-1, 1]: the largest values are cut at a quantile of their size, then divided by it.

    Saharia et al., 2022, arXiv:2205.11487, section 2.3.

    Args:
        clean: (n, ...).
        share: of a picture's values that are not cut; those of a picture within [-1, 1] stay as they are.
    """
    size = torch.quantile(clean.flatten(1).abs().float(), share, dim=1).clamp(min=1).to(clean.dtype)
    size = size.view(-1, *[1] * (clean.ndim - 1))
    return clean.clamp(-size, size) / size
