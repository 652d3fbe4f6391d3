"""The second-order degradation of Real-ESRGAN (Wang et al., 2021, arXiv:2107.10833, sections 3 and 4.1).

What happens to a picture on its way through cameras, programs and networks: blur, resizing, noise and JPEG, and
all of it once more. Sizes differ from picture to picture on the way, so a batch is a list of pictures there.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, pi

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gansmith.data.degrade import blur, noise
from gansmith.data.degrade.chance import between, happens, one_of
from gansmith.data.degrade.jpeg import jpeg
from gansmith.noise import Draws

Range = tuple[float, float]
Size = tuple[int, int]

KERNEL_SIZES = range(7, 22, 2)
KERNEL_SIZE = KERNEL_SIZES[-1]
# Gaussian, generalised Gaussian and plateau-shaped kernels, each isotropic and anisotropic; sinc.
KERNELS = (0.405, 0.225, 0.108, 0.027, 0.108, 0.027, 0.1)
GAUSSIAN_SHAPE: Range = (0.5, 4.0)
PLATEAU_SHAPE: Range = (1.0, 2.0)
INTERPOLATIONS = ("area", "bilinear", "bicubic")
GAUSSIAN_NOISE = 0.5  # its probability; otherwise Poisson noise
GREY_NOISE = 0.4
QUALITY: Range = (30.0, 95.0)
FINAL_SINC = 0.8


@dataclass(frozen=True)
class Order:
    """One of the two rounds: probabilities and ranges.

    blur: probability of any.
    sigma: standard deviation of the kernels in pixels.
    resize: probabilities of enlarging, of shrinking, and of neither.
    factor: least and largest, of the size that the round is to leave.
    gaussian: standard deviation of the noise in levels of 255.
    poisson: factor of the noise.
    """

    blur: float
    sigma: Range
    resize: tuple[float, float, float]
    factor: Range
    gaussian: Range
    poisson: Range


FIRST = Order(1.0, (0.2, 3.0), (0.2, 0.7, 0.1), (0.15, 1.5), (1.0, 30.0), (0.05, 3.0))
SECOND = Order(0.8, (0.2, 1.5), (0.3, 0.4, 0.3), (0.3, 1.2), (1.0, 25.0), (0.05, 2.5))


def second_order(images: Tensor, height: int, width: int, draws: Draws) -> Tensor:
    """Degraded pictures (n, C, height, width) in [-1, 1], not rounded.

    Args:
        images: (n, C, h, w) in [-1, 1], C 1 or 3.
        height, width: of what comes out; the second round resizes around this size.
        draws: random numbers for these n rows.
    """
    before: Size = (images.shape[-2], images.shape[-1])
    pictures = _once(list(images.split(1)), before, FIRST, draws)
    quality = between(draws, len(images), *QUALITY)
    pictures = [jpeg(picture, q) for picture, q in zip(pictures, quality.split(1))]
    pictures = _once(pictures, (height, width), SECOND, draws)
    return torch.cat(_last(pictures, (height, width), draws)).clamp(-1, 1)


def random_kernels(draws: Draws, rows: int, sigma: Range) -> Tensor:
    """Kernels (rows, 21, 21) of the seven kinds, whose own sizes are 7 to 21."""
    kind = one_of(draws, rows, KERNELS)
    deviation = sigma[0] + (sigma[1] - sigma[0]) * draws.uniform(rows, 2)
    is_isotropic = kind % 2 == 0
    deviation = torch.stack([deviation[:, 0], torch.where(is_isotropic, deviation[:, 0], deviation[:, 1])], 1)
    angle = between(draws, rows, -pi, pi)
    shape = torch.where(kind < 2, 1.0, between(draws, rows, *GAUSSIAN_SHAPE))
    gaussian = blur.gaussian(deviation, angle, KERNEL_SIZE, shape)
    plateau = blur.plateau(deviation, angle, KERNEL_SIZE, between(draws, rows, *PLATEAU_SHAPE))
    size = _kernel_sizes(draws, rows)
    lowest = torch.where(size < 13, pi / 3, pi / 5)
    sinc = blur.sinc(lowest + (pi - lowest) * draws.uniform(rows), KERNEL_SIZE)
    kind = kind[:, None, None]
    return blur.cropped(torch.where(kind < 4, gaussian, torch.where(kind < 6, plateau, sinc)), size)


def _once(pictures: list[Tensor], size: Size, order: Order, draws: Draws) -> list[Tensor]:
    """Blur, resizing around `size`, and noise."""
    rows = len(pictures)
    kernels = _or_none(random_kernels(draws, rows, order.sigma), happens(draws, rows, order.blur))
    pictures = [blur.blur(picture, kernel) for picture, kernel in zip(pictures, kernels.split(1))]
    return _noisy(_resized(pictures, size, order, draws), size, order, draws)


def _resized(pictures: list[Tensor], size: Size, order: Order, draws: Draws) -> list[Tensor]:
    """Pictures of random sizes, the same in both directions: `size` times a factor."""
    rows = len(pictures)
    larger, smaller = between(draws, rows, 1, order.factor[1]), between(draws, rows, order.factor[0], 1)
    factors = torch.stack([larger, smaller, torch.ones_like(larger)], 1)
    chosen = factors.gather(1, one_of(draws, rows, order.resize)[:, None])[:, 0]
    modes = _interpolations(draws, rows)
    return [
        _interpolate(picture, (max(1, round(size[0] * factor)), max(1, round(size[1] * factor))), mode)
        for picture, factor, mode in zip(pictures, chosen.tolist(), modes)
    ]


def _noisy(pictures: list[Tensor], size: Size, order: Order, draws: Draws) -> list[Tensor]:
    """Gaussian or Poisson noise, in all channels alike or not."""
    rows, channels = len(pictures), pictures[0].shape[1]
    # Draws have one shape for all rows of the batch: that of the largest picture there could be.
    white = draws.normal(rows, channels, *(ceil(side * order.factor[1]) for side in size))
    sigma, scale = between(draws, rows, *order.gaussian), between(draws, rows, *order.poisson)
    grey = happens(draws, rows, GREY_NOISE)
    is_gaussian = happens(draws, rows, GAUSSIAN_NOISE).tolist()
    noisy = []
    for k, picture in enumerate(pictures):
        row = slice(k, k + 1)
        own = white[row, :, : picture.shape[-2], : picture.shape[-1]]
        if is_gaussian[k]:
            noisy.append(noise.gaussian(picture, own, sigma[row], grey[row]))
        else:
            noisy.append(noise.poisson(picture, own, scale[row], grey[row]))
    return noisy


def _last(pictures: list[Tensor], size: Size, draws: Draws) -> list[Tensor]:
    """Resizing to `size` with a sinc filter, and JPEG, in one order or the other."""
    rows = len(pictures)
    sinc = blur.sinc(between(draws, rows, pi / 3, pi), KERNEL_SIZE)
    kernels = _or_none(blur.cropped(sinc, _kernel_sizes(draws, rows)), happens(draws, rows, FINAL_SINC))
    quality = between(draws, rows, *QUALITY)
    jpeg_first = happens(draws, rows, 0.5).tolist()
    done = []
    for picture, kernel, q, mode, first in zip(
        pictures, kernels.split(1), quality.split(1), _interpolations(draws, rows), jpeg_first
    ):
        picture = jpeg(picture, q) if first else picture
        picture = blur.blur(_interpolate(picture, size, mode), kernel)
        done.append(picture if first else jpeg(picture, q))
    return done


def _interpolations(draws: Draws, rows: int) -> list[str]:
    chosen = one_of(draws, rows, [1 / len(INTERPOLATIONS)] * len(INTERPOLATIONS))
    return [INTERPOLATIONS[k] for k in chosen.tolist()]


def _interpolate(picture: Tensor, size: Size, mode: str) -> Tensor:
    """Without antialiasing, as programs that people use do; aliasing is part of what has to be undone."""
    return interpolate(picture, size, mode=mode)


def _kernel_sizes(draws: Draws, rows: int) -> Tensor:
    return KERNEL_SIZES.start + KERNEL_SIZES.step * one_of(draws, rows, [1 / len(KERNEL_SIZES)] * len(KERNEL_SIZES))


def _or_none(kernels: Tensor, used: Tensor) -> Tensor:
    """Kernels that leave the picture as it is where they are not used."""
    middle = kernels.shape[-1] // 2
    nothing = torch.zeros_like(kernels)
    nothing[:, middle, middle] = 1
    return torch.where(used[:, None, None], kernels, nothing)
