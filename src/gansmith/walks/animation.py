"""Moving pictures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PIL import Image
from torch import Tensor

from gansmith.atomic import replacing
from gansmith.data.pixels import to_image
from gansmith.errors import ConfigError

FORMATS = {"gif": {}, "webp": {"quality": 90}}


def check_format(format: str, fps: float) -> None:
    """Raises ConfigError for another format, or for a rate that GIF has no numbers for."""
    if format not in FORMATS:
        raise ConfigError(f"format={format} is unknown; known are {', '.join(FORMATS)}")
    if not isinstance(fps, (int, float)) or not 1 <= fps <= 50:
        raise ConfigError(f"fps={fps}: it lies in 1 to 50")


def save_animation(frames: Iterable[Tensor], path: Path, fps: float) -> None:
    """Writes uint8 frames (1 or 3, H, W) as an endless GIF or WebP; a failure leaves the old file.

    Args:
        frames: one after the other.
        path: whose suffix is one of FORMATS.
        fps: frames a second; GIF rounds their time to hundredths.
    """
    images = [to_image(frame, len(frame)) for frame in frames]
    format = path.suffix[1:]
    with replacing(path) as temporary:
        first: Image.Image = images[0]
        first.save(
            temporary,
            format=format.upper(),
            save_all=True,
            append_images=images[1:],
            duration=round(1000 / fps),
            loop=0,
            **FORMATS[format],
        )
