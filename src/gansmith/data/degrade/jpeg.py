"""JPEG on the device: what a file would make of a picture, without the file."""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sqrt

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

from gansmith.data.degrade.lab import LUMA

# Tables K.1 and K.2 of ITU-T T.81.
LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *[(99,) * 8] * 4,
)
RED, GREEN, BLUE = LUMA


def jpeg(images: Tensor, quality: Tensor) -> Tensor:
    """Pictures after a round trip through baseline JPEG, as libjpeg makes it, on the 256 levels of a file.

    Colour has its chroma halved (4:2:0) and smoothly enlarged again.

    Args:
        images: (n, C, h, w) in [-1, 1]; C = 3 is colour, the channels of others are grey pictures.
        quality: (n,) from 1 to 100; libjpeg's scale, rounded to whole numbers.
    """
    levels = images.float().clamp(-1, 1).add(1).mul(127.5).round()
    is_colour = images.shape[1] == 3
    levels = _colour(levels, quality) if is_colour else _planes(levels, tables(LUMINANCE, quality))
    return levels.round().div(127.5).sub(1).to(images.dtype)


def tables(base: tuple[tuple[int, ...], ...], quality: Tensor) -> Tensor:
    """Steps of quantisation (n, 8, 8) for qualities (n,): libjpeg's scaling of the standard's tables."""
    quality = quality.float().round().clamp(1, 100)
    percent = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality)
    steps = torch.tensor(base, dtype=torch.float32, device=quality.device) * percent[:, None, None]
    return steps.add(50).div(100).floor().clamp(1, 255)


def _colour(levels: Tensor, quality: Tensor) -> Tensor:
    height, width = levels.shape[-2:]
    even = pad(levels, (0, width % 2, 0, height % 2), mode="replicate")
    red, green, blue = even.split(1, 1)
    luma = RED * red + GREEN * green + BLUE * blue
    chroma = torch.cat([(blue - luma) / (2 - 2 * BLUE), (red - luma) / (2 - 2 * RED)], 1).add(128).round()
    luma = _planes(luma.round(), tables(LUMINANCE, quality))
    chroma = _planes(_cut(avg_pool2d(chroma, 2), 1 / 4, 1 / 2), tables(CHROMINANCE, quality))
    chroma = _cut(interpolate(chroma, scale_factor=2, mode="bilinear"), 8 / 16, 7 / 16)
    blueness, redness = chroma.sub(128).split(1, 1)
    red, blue = luma + (2 - 2 * RED) * redness, luma + (2 - 2 * BLUE) * blueness
    green = (luma - RED * red - BLUE * blue) / GREEN
    return torch.cat([red, green, blue], 1).clamp(0, 255)[..., :height, :width]


def _cut(values: Tensor, even: float, odd: float) -> Tensor:
    """Whole numbers, with libjpeg's way of rounding ties down in one column and up in the next."""
    is_odd = torch.arange(values.shape[-1], device=values.device) % 2
    return values.add(even + (odd - even) * is_odd).floor()


def _planes(planes: Tensor, steps: Tensor) -> Tensor:
    """Planes (n, C, h, w) of levels in [0, 255] with their cosines rounded to `steps` (n, 8, 8)."""
    height, width = planes.shape[-2:]
    padded = pad(planes, (0, -width % 8, 0, -height % 8), mode="replicate").sub(128)
    blocks = padded.unflatten(-1, (-1, 8)).unflatten(-3, (-1, 8)).transpose(-3, -2)
    dct = cosines(planes.device)
    steps = steps[:, None, None, None]
    with torch.autocast(planes.device.type, enabled=False):
        # libjpeg's are whole eighths, which makes ties what they are, and the same on every device.
        eighths = (dct @ blocks @ dct.T).mul(8).round()
        coefficients = eighths.abs().div(8 * steps).add(0.5).floor().mul(steps).copysign(eighths)
        blocks = dct.T @ coefficients @ dct
    restored = blocks.transpose(-3, -2).flatten(-4, -3).flatten(-2)
    return restored.add(128).round().clamp(0, 255)[..., :height, :width]


@lru_cache
@torch.inference_mode(False)
def cosines(device: torch.device) -> Tensor:
    """The orthonormal transform (8, 8): its k-th row is the k-th cosine."""
    rows = [
        [sqrt((1 if k == 0 else 2) / 8) * cos((2 * place + 1) * k * pi / 16) for place in range(8)] for k in range(8)
    ]
    return torch.tensor(rows, device=device)
