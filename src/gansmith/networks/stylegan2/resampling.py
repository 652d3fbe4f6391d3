"""Resampling by two with [1, 3, 3, 1] in both directions, nothing beyond the edges (arXiv:1912.04958, appendix B)."""

from __future__ import annotations

from torch import Tensor

from gansmith.networks.binomial import filtered


def blurred(features: Tensor, padding: int, gain: float = 1.0) -> Tensor:
    """(n, c, s, s) to (n, c, s + 2 padding - 3, ...): the filter, which sums to `gain`, over zero-padded features."""
    return filtered(features, 4, padding, gain=gain)


def doubled(features: Tensor) -> Tensor:
    """(n, c, s, s) to (n, c, 2 s, 2 s): zeros between the pixels, and the filter with a sum of 4."""
    return filtered(features, 4, padding=2, up=2, gain=4.0)


def halved(features: Tensor) -> Tensor:
    """(n, c, s, s) to (n, c, s / 2, s / 2): the filter at every second pixel."""
    return filtered(features, 4, padding=1, down=2)
