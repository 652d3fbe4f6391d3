"""A picture as it lies in a file: of any size and mode, upright, its transparency and colour profile apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from gansmith.data.decode import FORMATS, ORIENTATION, UPRIGHT, UnreadablePicture, to_eight_bits

GREY = ("1", "L", "LA", "La")
WITH_ALPHA = ("RGBA", "RGBa", "LA", "La", "PA")
# Modes whose ICC profile is that of grey or RGB values, and not of inks or other coordinates.
PROFILED = ("L", "LA", "RGB", "RGBA", "P", "PA")


@dataclass(frozen=True)
class Picture:
    """What a network needs of a picture, and what it does not touch.

    pixels: uint8 (h, w, 1) grey or (h, w, 3) RGB.
    alpha: uint8 (h, w), 0 where nothing is to be seen; None where everything is.
    profile: ICC profile of the colours.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    profile: bytes | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width, _ = self.pixels.shape
        return height, width


def read_picture(path: Path, max_pixels: int) -> Picture:
    """The picture in the file at `path`, turned upright, with 8 bits a channel.

    Raises:
        UnreadablePicture: with the reason; `max_pixels` is asked before any memory is spent.
    """
    # Broken files make Pillow raise nearly anything: OSError, SyntaxError, struct.error, IndexError, ...
    try:
        with _without_bound(), Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise UnreadablePicture(f"has {width}x{height} pixels, more than max_pixels={max_pixels}")
            image.load()
            turn = UPRIGHT.get(image.getexif().get(ORIENTATION, 1))
            profile = image.info.get("icc_profile") if image.mode in PROFILED else None
            layers = _layers(to_eight_bits(image))
    except UnreadablePicture:
        raise
    except Image.UnidentifiedImageError as error:
        raise UnreadablePicture(f"is no {', '.join(FORMATS)} picture") from error
    except Exception as error:
        raise UnreadablePicture(" ".join(str(error).split()) or type(error).__name__) from error
    pixels = np.array(layers if turn is None else layers.transpose(turn))
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    if layers.mode in WITH_ALPHA:
        return Picture(np.ascontiguousarray(pixels[..., :-1]), pixels[..., -1].copy(), profile)
    return Picture(pixels, None, profile)


def read_mask(path: Path, size: tuple[int, int], max_pixels: int) -> np.ndarray:
    """bool (h, w), True where the picture at `path` is nearer to white than to black.

    Raises:
        UnreadablePicture: it can't be read, or is not of this size (height and width).
    """
    picture = read_picture(path, max_pixels)
    if picture.size != size:
        (height, width), (own_height, own_width) = size, picture.size
        raise UnreadablePicture(f"has a mask of {own_width}x{own_height} for {width}x{height} pixels: {path}")
    return picture.pixels.mean(axis=-1) >= 127.5


@contextmanager
def _without_bound() -> Iterator[None]:
    """Pillow's own bound on the size of pictures is lifted: `max_pixels` decides."""
    bound, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = bound


def _layers(image: Image.Image) -> Image.Image:
    """The same picture in mode L, LA, RGB or RGBA."""
    mode = "L" if image.mode in GREY else "RGB"
    if image.mode in WITH_ALPHA or "transparency" in image.info:
        mode += "A"
    return image if image.mode == mode else image.convert(mode)
