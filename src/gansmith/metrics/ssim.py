"""Structural similarity (Wang, Bovik, Sheikh & Simoncelli, "Image quality assessment", 2004)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d

SIDE, SIGMA = 11, 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
BAND = 256
"""Rows of windows at a time: the memory needed does not grow with the height of a picture."""


def ssim(output: Tensor, truth: Tensor) -> Tensor:
    """Mean of equation 13 over all windows that lie inside the picture, and over channels: float64 (n,).

    The windows are Gaussian, 11 x 11, sigma 1.5 (section III-C), weights sum to one. In a picture with a side
    below 11 pixels they have the largest odd size that fits.

    Args:
        output, truth: (n, C, H, W), values 0 to 255.
    """
    side = min(SIDE, *(side - 1 + side % 2 for side in output.shape[-2:]))
    return means_over_windows(output, truth, side)[0].mean(1)


def means_over_windows(output: Tensor, truth: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Means of the similarity and of its contrast and structure alone, each float64 (n, C).

    Args:
        output, truth: (n, C, H, W), values 0 to 255.
        side: of the windows, odd, at most H and W.
    """
    window = gaussian(side)
    first, second = (pictures.flatten(0, 1)[:, None] for pictures in (output, truth))
    rows, columns = (length - side + 1 for length in output.shape[-2:])
    total = torch.zeros(2, len(first), dtype=torch.float64, device=output.device)
    for top in range(0, rows, BAND):
        band = slice(top, min(top + BAND, rows) + side - 1)
        maps = similarity(first[..., band, :].double(), second[..., band, :].double(), window)
        total += torch.stack(maps).sum((2, 3, 4))
    whole, contrast = total.view(2, *output.shape[:2]) / (rows * columns)
    return whole, contrast


def similarity(x: Tensor, y: Tensor, window: Tensor) -> tuple[Tensor, Tensor]:
    """Equation 13 at every window's place, and its factor of contrast and structure alone.

    From (n, 1, h, w) twice, in float64, to (n, 1, h - side + 1, w - side + 1) twice.
    """

    def mean(values: Tensor) -> Tensor:
        return conv2d(conv2d(values, window.to(values).view(1, 1, -1, 1)), window.to(values).view(1, 1, 1, -1))

    mean_x, mean_y = mean(x), mean(y)
    variance_x, variance_y = mean(x * x) - mean_x.square(), mean(y * y) - mean_y.square()
    covariance = mean(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + C1) / (mean_x.square() + mean_y.square() + C1)
    contrast = (2 * covariance + C2) / (variance_x + variance_y + C2)
    return luminance * contrast, contrast


def gaussian(side: int) -> Tensor:
    """Weights (side,) of a line of the window, float64; they sum to one."""
    place = torch.arange(side, dtype=torch.float64) - (side - 1) / 2
    weights = torch.exp(-place.square() / (2 * SIGMA**2))
    return weights / weights.sum()
