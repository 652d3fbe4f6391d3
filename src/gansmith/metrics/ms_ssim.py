"""Structural similarity at five scales (Wang, Simoncelli & Bovik, "Multiscale structural similarity", 2003)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from gansmith.errors import DataError
from gansmith.metrics.ssim import SIDE, means_over_windows

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the scales, from fine to coarse (section 3.2)."""
SMALLEST = SIDE << (len(WEIGHTS) - 1)
"""Pixels: the least side in which one window fits at the coarsest scale."""


def ms_ssim(output: Tensor, truth: Tensor) -> Tensor:
    """Equation 7, mean over channels: float64 (n,), 0 to 1.

    Contrast and structure at each scale, luminance at the coarsest, each a mean over windows as in `ssim`; means
    below 0 count as 0. From scale to scale means of 2 x 2 pixels, a last single row or column by itself.

    Args:
        output, truth: (n, C, H, W), values 0 to 255.

    Raises:
        DataError: a side below 176 pixels. Fewer scales would be another number.
    """
    check_scales(output)
    product = torch.ones(output.shape[:2], dtype=torch.float64, device=output.device)
    for scale, weight in enumerate(WEIGHTS):
        if scale:
            output, truth = halved(output), halved(truth)
        whole, contrast = means_over_windows(output, truth, SIDE)
        factor = whole if scale == len(WEIGHTS) - 1 else contrast
        product *= factor.clamp(min=0) ** weight
    return product.mean(1)


def check_scales(pictures: Tensor) -> None:
    """Raises DataError if pictures (n, C, H, W) are too small for five scales."""
    if min(pictures.shape[-2:]) < SMALLEST:
        size = " x ".join(map(str, pictures.shape[-2:]))
        raise DataError(
            f"data: ms_ssim needs pictures of at least {SMALLEST} pixels a side, not {size}; ssim takes any"
        )


def halved(pictures: Tensor) -> Tensor:
    """Pictures (n, C, H, W) at half the size, rounded up, in float64."""
    height, width = pictures.shape[-2:]
    return avg_pool2d(pad(pictures.double(), (0, width % 2, 0, height % 2), mode="replicate"), 2)
