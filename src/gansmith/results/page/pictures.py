"""Sample grids as small pictures inside the page."""

import base64
import io
import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

PAGE_BYTES = 2_000_000  # of all pictures of a page, before base64 makes a third more of them
MOST_BYTES, LEAST_BYTES = 40_000, 6_000  # of one picture
LONGEST_SIDE, SHORTEST_SIDE = 800, 96  # pixels
QUALITY = 80  # of WebP
THUMBNAIL = 88  # pixels: twice the side that the table shows, for dense screens


@dataclass(frozen=True)
class Picture:
    """A picture as a data URI, and its size in pixels."""

    uri: str
    width: int
    height: int


def bytes_each(count: int) -> int:
    """What each of `count` pictures may take, so that a page of many runs stays light."""
    return max(LEAST_BYTES, min(MOST_BYTES, PAGE_BYTES // max(count, 1)))


def read_picture(path: Path, most_bytes: int) -> tuple[Picture, Picture] | None:
    """A sample grid as WebP of at most `most_bytes` and a square thumbnail of its upper left corner.

    None where there is no readable picture. A grid that does not get small enough has the smallest size there is.
    """
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file).convert("RGBA").convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return small_enough(image, most_bytes), encode(corner(image))[0]


def small_enough(image: Image.Image, most_bytes: int) -> Picture:
    side = min(LONGEST_SIDE, max(image.size))
    while True:
        resized = image.copy()
        resized.thumbnail((side, side), Image.Resampling.LANCZOS)
        picture, size = encode(resized)
        if size <= most_bytes or side <= SHORTEST_SIDE:
            return picture
        # Bytes go as the area, or a little slower.
        side = max(SHORTEST_SIDE, int(0.95 * side * math.sqrt(most_bytes / size)))


def corner(image: Image.Image) -> Image.Image:
    """The upper left square, a third of the shorter side, where a few samples can be told from each other."""
    side = max(1, min(image.size) // 3)
    return image.crop((0, 0, side, side)).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)


def encode(image: Image.Image) -> tuple[Picture, int]:
    """The picture as WebP, and its bytes before base64."""
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=QUALITY, method=2)
    content = buffer.getvalue()
    uri = f"data:image/webp;base64,{base64.b64encode(content).decode('ascii')}"
    return Picture(uri, *image.size), len(content)
