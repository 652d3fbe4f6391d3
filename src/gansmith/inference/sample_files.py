"""Samples as files."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from torch import Tensor

from gansmith.training.samples import side_by_side

ON_SHEET = 256
"""No more samples than these are on the sheet."""


def save_image(image: Tensor, path: Path) -> Path:
    """One uint8 picture (C, H, W) as PNG: grey, RGB, either with opacity, or from 5 channels on these side by side."""
    shown = image if len(image) <= 4 else side_by_side(image[None])[0]
    pixels = shown[0] if len(shown) == 1 else shown.permute(1, 2, 0)
    Image.fromarray(pixels.contiguous().numpy()).save(path)
    return path
