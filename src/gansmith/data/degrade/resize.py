"""Resampling that agrees with PIL's and, with mirrored borders, with MATLAB's imresize."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import ceil

import torch
from torch import Tensor


def _box(x: Tensor) -> Tensor:
    return ((x > -0.5) & (x <= 0.5)).to(x.dtype)


def _triangle(x: Tensor) -> Tensor:
    return (1 - x.abs()).clamp(min=0)


def _cubic(x: Tensor) -> Tensor:
    """The third-order one of Keys (1981, equation 15), with a = -0.5."""
    x = x.abs()
    near = (1.5 * x - 2.5) * x.square() + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x < 1, near, torch.where(x < 2, far, 0))


def _lanczos(x: Tensor) -> Tensor:
    return torch.where(x.abs() < 3, torch.sinc(x) * torch.sinc(x / 3), 0)


Kernel = Callable[[Tensor], Tensor]
FILTERS: dict[str, tuple[Kernel, float]] = {  # a kernel, and how far it reaches from its centre
    "box": (_box, 0.5),
    "bilinear": (_triangle, 1.0),
    "bicubic": (_cubic, 2.0),
    "lanczos": (_lanczos, 3.0),
}


def resize(
    images: Tensor, height: int, width: int, filter: str = "bicubic", antialias: bool = True, border: str = "clip"
) -> Tensor:
    """Pictures (n, C, height, width) of pictures (n, C, h, w) of any float type.

    Overshoot is not clamped; PIL clamps and rounds pictures of 8 bits after each of its two passes.

    Args:
        images: in whatever range.
        height, width: at least 1.
        filter: `box`, `bilinear`, `bicubic` (a = -0.5) or `lanczos` (3 lobes).
        antialias: kernels are stretched where the picture shrinks; `box` without it takes the nearest pixel.
        border: `clip` leaves out what lies outside, as PIL does; `mirror` repeats the picture mirrored, as MATLAB
            does, and with it the published numbers of super-resolution.
    """
    dtype = torch.promote_types(images.dtype, torch.float32)
    down = weights(images.shape[-2], height, filter, antialias, border, dtype, images.device)
    across = weights(images.shape[-1], width, filter, antialias, border, dtype, images.device)
    with torch.autocast(images.device.type, enabled=False):
        return (down @ (images.to(dtype) @ across.T)).to(images.dtype)


@lru_cache(maxsize=64)
@torch.inference_mode(False)  # what evaluation has cached must not be missing from training's graph
def weights(
    before: int, after: int, filter: str, antialias: bool, border: str, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """The matrix (after, before) that resamples a line of `before` pixels; its rows sum to one."""
    kernel, reach = FILTERS[filter]
    ratio = before / after
    stretch = max(ratio, 1.0) if antialias else 1.0
    center = (torch.arange(after, dtype=torch.float64)[:, None] + 0.5) * ratio
    first = (center - reach * stretch + 0.5).floor().long()
    pixel = first + torch.arange(ceil(2 * reach * stretch) + 1)
    # In PIL's order of operations: where a pixel lies on the edge of a box, the last bit decides.
    weight = kernel((pixel - center + 0.5) * (1 / stretch))
    if border == "mirror":
        pixel = pixel % (2 * before)
        pixel = torch.minimum(pixel, 2 * before - 1 - pixel)
    else:
        weight = weight * ((pixel >= 0) & (pixel < before))
        pixel = pixel.clamp(0, before - 1)
    matrix = torch.zeros(after, before, dtype=torch.float64).scatter_add_(1, pixel, weight)
    return matrix.div_(matrix.sum(1, keepdim=True)).to(dtype).to(device)
