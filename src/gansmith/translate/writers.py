"""Results on their way to disk, stripe by stripe, as files that are whole or not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from gansmith.atomic import replacing
from gansmith.errors import DataError
from gansmith.translate.png import PngWriter

FORMATS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}
LARGEST_SIDE = {"jpg": 65500, "webp": 16383}  # of the formats, and of Pillow's encoder for JPEG
QUALITY = 95


def check_fits(format: str, height: int, width: int, has_alpha: bool) -> None:
    """Raises DataError if a picture of that size, with or without transparency, can't be written so."""
    largest = LARGEST_SIDE.get(format)
    if largest is not None and max(height, width) > largest:
        raise DataError(f"becomes {width}x{height}, and format={format} ends at {largest} pixels a side; take png")
    if format == "jpg" and has_alpha:
        raise DataError("has transparency, which format=jpg can't keep; png and webp can")


def write_picture(
    path: Path, format: str, size: tuple[int, int], channels: int, stripes: Iterable[np.ndarray], profile: bytes | None
) -> None:
    """A file of the given `size` (height, width) from its rows, uint8 (k, width, channels) each.

    A PNG is written as the stripes come, and memory holds one of them; other formats need the whole picture.

    Raises:
        OSError: the disk does not take it; what was there before is still there.
    """
    height, width = size
    with replacing(path) as temporary, temporary.open("wb") as file:
        if format == "png":
            writer = PngWriter(file, width, height, channels, profile)
            for stripe in stripes:
                writer.write(stripe)
            writer.close()
        else:
            pixels = np.empty((height, width, channels), np.uint8)
            _fill(pixels, iter(stripes))
            picture = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
            picture.save(file, format=FORMATS[format], quality=QUALITY, icc_profile=profile)


def _fill(pixels: np.ndarray, stripes: Iterator[np.ndarray]) -> None:
    top = 0
    for stripe in stripes:
        pixels[top : top + len(stripe)] = stripe
        top += len(stripe)
