"""Drawings of pictures: dark lines on white paper."""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from gansmith.data.degrade.lab import luma

SURROUND = 1.6  # at this ratio a difference of Gaussians is nearest to their Laplacian (Marr and Hildreth, 1980)


def draw_lines(images: Tensor, sigma: float, sharpness: float, threshold: float) -> Tensor:
    """Lines (n, 1, h, w) in [-1, 1] along the dark sides of edges: -1 is ink, 1 is paper.

    The extended difference of Gaussians (Winnemöller et al., 2012, equations 1 and 5) of the luma, without
    the paper's tone: flat areas stay white, however dark they are.

    Args:
        images: (n, 1 or 3, h, w) in [-1, 1].
        sigma: of the smaller Gaussian, in pixels: half the width of the lines.
        sharpness: steepness of the step from paper to ink, in its units of contrast; phi in the paper.
        threshold: contrast from which on there is a line, in [0, 2]; epsilon in the paper.
    """
    grey = luma(images)
    contrast = _gaussian(grey, sigma) - _gaussian(grey, SURROUND * sigma)
    return 1 + 2 * torch.tanh(sharpness * (contrast + threshold).clamp(max=0))


def _gaussian(images: Tensor, sigma: float) -> Tensor:
    """One channel (n, 1, h, w) smoothed; the border's pixels go on outside."""
    radius = ceil(3 * sigma)
    offsets = torch.arange(-radius, radius + 1, dtype=images.dtype, device=images.device)
    kernel = offsets.div(sigma).square().div(-2).softmax(0)
    framed = pad(images, (radius,) * 4, mode="replicate")
    return conv2d(conv2d(framed, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))
