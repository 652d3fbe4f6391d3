"""Geometric self-ensemble (Lim et al., 2017, arXiv:1707.02921, section 3.4)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

FLIPS: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-2, -1))


def self_ensemble(translate: Callable[[Tensor], Tensor], source: Tensor) -> Tensor:
    """The mean of what `translate` makes of `source` (n, c, h, w) flipped and transposed in all 8 ways, turned back."""
    outputs = []
    for axes in FLIPS:
        flipped = source.flip(axes)
        outputs.append(translate(flipped).flip(axes))
        outputs.append(translate(flipped.mT.contiguous()).mT.flip(axes))
    return torch.stack(outputs).mean(0)
