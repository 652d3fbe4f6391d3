"""Paths between latents."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize


def lerp(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """The straight line from `start` (n, d) to `end` (n, d), at `share` (n, 1) of it."""
    return start + share * (end - start)


def slerp(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """The arc from `start` (n, d) to `end` (n, d), at `share` (n, 1) of its angle (White, 2016, arXiv:1609.04468).

    Normal latents lie near a sphere, which a straight line leaves. Where both point the same way, it is that line.
    """
    cosine = (normalize(start, dim=1) * normalize(end, dim=1)).sum(1, keepdim=True)
    angle = cosine.clamp(-1, 1).acos()
    sine = angle.sin()
    arc = (((1 - share) * angle).sin() * start + (share * angle).sin() * end) / sine
    return torch.where(sine < 1e-6, lerp(start, end, share), arc)
