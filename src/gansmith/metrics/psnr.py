"""How far pixels are apart: peak signal-to-noise ratio and mean absolute difference."""

from __future__ import annotations

import torch
from torch import Tensor

PEAK = 255.0
IDENTICAL = 100.0
"""Decibels of equal pictures, and the most there is: a mean over pictures stays finite."""


def psnr(output: Tensor, truth: Tensor) -> Tensor:
    """10 log10(255^2 / MSE) in decibels, float64 (n,); the mean squared error is that of all channels together.

    Args:
        output, truth: (n, C, H, W), values 0 to 255.
    """
    error = (output.double() - truth.double()).square().mean((1, 2, 3))
    return (10 * torch.log10(PEAK**2 / error)).clamp(max=IDENTICAL)


def l1(output: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute difference by the range of values, float64 (n,): 0 for equal pictures, 1 for black and white.

    Args:
        output, truth: (n, C, H, W), values 0 to 255.
    """
    return (output.double() - truth.double()).abs().mean((1, 2, 3)) / PEAK
