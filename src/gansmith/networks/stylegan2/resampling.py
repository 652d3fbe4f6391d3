"""Resampling by two with [1, 3, 3, 1] in both directions, nothing beyond the edges (arXiv:1912.04958, appendix B).

The filter is the box [1, 1] thrice. Sums of neighbours are faster than a convolution of each channel alone, and so
are their derivatives.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad


def _box(features: Tensor) -> Tensor:
    features = features[..., 1:] + features[..., :-1]
    return features[..., 1:, :] + features[..., :-1, :]


def _padded(features: Tensor, padding: int) -> Tensor:
    return pad(features, (padding,) * 4)


def blurred(features: Tensor, padding: int, gain: float = 1.0) -> Tensor:
    """(n, c, s, s) to (n, c, s + 2 padding - 3, ...): the filter, which sums to `gain`, over zero-padded features."""
    return _box(_box(_box(_padded(features, padding)))) * (gain / 64)


def doubled(features: Tensor) -> Tensor:
    """(n, c, s, s) to (n, c, 2 s, 2 s): zeros between the pixels, and the filter with a sum of 4."""
    # Repeating pixels is the first of the three boxes.
    repeated = interpolate(features, scale_factor=2, mode="nearest")
    return _box(_box(_padded(repeated, 1))) / 16


def halved(features: Tensor) -> Tensor:
    """(n, c, s, s) to (n, c, s / 2, s / 2): the filter at every second pixel."""
    return avg_pool2d(_box(_box(_padded(features, 1))) / 16, 2)
