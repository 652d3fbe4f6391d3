"""Blur: a kernel (n, size, size) for each picture of a batch, and the convolution with it."""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad


def blur(images: Tensor, kernels: Tensor) -> Tensor:
    """Pictures (n, C, h, w), the k-th convolved with the k-th kernel; mirrored at their borders.

    Args:
        images: (n, C, h, w).
        kernels: (n, size, size), size odd.
    """
    rows, channels, height, width = images.shape
    margin = kernels.shape[-1] // 2
    # A mirror image is no larger than what it mirrors.
    mode = "reflect" if margin < min(height, width) else "replicate"
    framed = pad(images, (margin,) * 4, mode=mode).flatten(0, 1)[None]
    # conv2d correlates; a convolution turns the kernel around.
    turned = kernels.flip(-2, -1).repeat_interleave(channels, 0)[:, None]
    return conv2d(framed, turned, groups=rows * channels).view(images.shape)


def gaussian(sigma: Tensor, angle: Tensor, size: int, shape: Tensor | None = None) -> Tensor:
    """Generalised Gaussian kernels (n, size, size); Real-ESRGAN (Wang et al., 2021, arXiv:2107.10833), section 3.2.

    Args:
        sigma: (n, 2) standard deviations in pixels along the two axes.
        angle: (n,) of the first axis to the horizontal, in radians.
        size: of the kernels, odd.
        shape: (n,) beta: 1, the default, for the Gaussian, less for a sharper peak and heavier tails.
    """
    distance = _distance(sigma, angle, size)
    return normalised((distance if shape is None else distance.pow(_column(shape))).div(-2).exp())


def plateau(sigma: Tensor, angle: Tensor, size: int, shape: Tensor) -> Tensor:
    """Plateau-shaped kernels; arguments as for `gaussian` (the same section)."""
    return normalised(1 / (1 + _distance(sigma, angle, size).pow(_column(shape))))


def sinc(cutoff: Tensor, size: int) -> Tensor:
    """Kernels (n, size, size) that cut high frequencies and leave ringing (the same paper, equation 6).

    Args:
        cutoff: (n,) radians a pixel, up to pi.
        size: of the kernels, odd.
    """
    x, y = _grid(size, cutoff)
    cutoff = _column(cutoff)
    radius = torch.hypot(x, y).clamp(min=1e-4)  # in the limit of which the centre is cutoff^2 / 4 pi
    return normalised(cutoff * torch.special.bessel_j1(cutoff * radius) / (2 * pi * radius))


def motion(length: Tensor, angle: Tensor, size: int) -> Tensor:
    """Kernels (n, size, size) of a camera that moves evenly along a line; a length of 0 leaves the picture.

    Args:
        length: (n,) pixels, up to size - 1.
        angle: (n,) radians to the horizontal.
        size: of the kernels, odd.
    """
    x, y = _grid(size, length)
    across, along = _column(angle).cos(), _column(angle).sin()
    half = _column(length) / 2
    place = torch.minimum(torch.maximum(x * across + y * along, -half), half)
    return normalised((1 - torch.hypot(x - place * across, y - place * along)).clamp(min=0))


def cropped(kernels: Tensor, sizes: Tensor) -> Tensor:
    """Kernels (n, size, size) without what lies outside their middle `sizes` x `sizes`; sizes (n,) are odd."""
    x, y = _grid(kernels.shape[-1], kernels)
    reach = _column(sizes) // 2
    return normalised(kernels * ((x.abs() <= reach) & (y.abs() <= reach)))


def normalised(kernels: Tensor) -> Tensor:
    """Kernels that sum to one."""
    return kernels / kernels.sum((-2, -1), keepdim=True)


def _distance(sigma: Tensor, angle: Tensor, size: int) -> Tensor:
    """The squared distance of Mahalanobis, (n, size, size), of each place of the kernel from its centre."""
    x, y = _grid(size, sigma)
    cos, sin = _column(angle).cos(), _column(angle).sin()
    first, second = _column(sigma[:, 0]), _column(sigma[:, 1])
    return ((x * cos + y * sin) / first).square() + ((y * cos - x * sin) / second).square()


def _grid(size: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """x (1, size) and y (size, 1), 0 in the middle."""
    place = torch.arange(size, dtype=like.dtype, device=like.device) - size // 2
    return place[None, :], place[:, None]


def _column(values: Tensor) -> Tensor:
    return values[:, None, None]
