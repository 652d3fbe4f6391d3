"""Colour spaces: CIE Lab (1976) of sRGB under D65, and luma."""

from __future__ import annotations

import torch
from torch import Tensor

# IEC 61966-2-1: linear sRGB to XYZ. A row's sum is the white point, so that greys have no chroma at all.
XYZ = torch.tensor(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]],
    dtype=torch.float64,
)
TO_WHITE_XYZ = XYZ / XYZ.sum(1, keepdim=True)
FROM_WHITE_XYZ = torch.linalg.inv(TO_WHITE_XYZ)
KINK = 6 / 29  # where CIE's cube root turns into a straight line
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def rgb_to_lab(images: Tensor) -> Tensor:
    """sRGB (n, 3, h, w) in [-1, 1] to Lab (n, 3, h, w): L in [0, 100], a in [-87, 99], b in [-108, 95]."""
    light = _mix(TO_WHITE_XYZ, _decode(images.add(1).div(2)))
    root = light.clamp(min=KINK**3).pow(1 / 3)
    x, y, z = torch.where(light > KINK**3, root, light / (3 * KINK**2) + 4 / 29).unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """Lab (n, 3, h, w) to sRGB (n, 3, h, w) in [-1, 1]; colours outside sRGB are clamped, channel by channel."""
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    root = torch.stack([y + a / 500, y, y - b / 200], 1)
    light = torch.where(root > KINK, root.pow(3), 3 * KINK**2 * (root - 4 / 29))
    return _encode(_mix(FROM_WHITE_XYZ, light).clamp(0, 1)).mul(2).sub(1)


def luma(images: Tensor) -> Tensor:
    """Grey (n, 1, h, w) of pictures (n, 1 or 3, h, w) in [-1, 1], as files are turned grey (Rec. 601)."""
    if images.shape[1] == 1:
        return images
    return _mix(torch.tensor([LUMA], dtype=torch.float64), images)


def _mix(matrix: Tensor, images: Tensor) -> Tensor:
    # A sum of products, since a matrix product may be rounded to tf32 or bfloat16 on the way.
    weights = matrix.to(images.device, images.dtype)[:, :, None, None]
    return (weights * images[:, None]).sum(2)


def _decode(encoded: Tensor) -> Tensor:
    curve = encoded.clamp(min=0.04045).add(0.055).div(1.055).pow(2.4)
    return torch.where(encoded > 0.04045, curve, encoded / 12.92)


def _encode(light: Tensor) -> Tensor:
    curve = light.clamp(min=0.0031308).pow(1 / 2.4).mul(1.055).sub(0.055)
    return torch.where(light > 0.0031308, curve, light * 12.92)
