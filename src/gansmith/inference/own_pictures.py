"""Pictures from a user's files, made as those of a run's data are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import ExifTags, Image
from torch import Tensor

from gansmith.data.decode import SquareDecoder, UnreadablePicture
from gansmith.errors import DataError
from gansmith.ranges import to_unit_range

WHITE_FROM = 128
"""Masks are black or white; files with losses have some grey at the edges."""


def decoder_of(data: Mapping[str, Any]) -> SquareDecoder:
    """What makes of any picture one as the data of a run, given by their config, have them."""
    source = data.get("source", {})
    ways = {key: source[key] for key in ("filter", "background") if key in source}
    return SquareDecoder(channels=data["channels"], resolution=data["resolution"], **ways)


def read(file: Path, decoder: SquareDecoder, key: str = "picture") -> np.ndarray:
    """uint8 (C, H, W). Raises DataError with the name of a file that can't be read, which the user gave as `key`."""
    try:
        return decoder(file.read_bytes())
    except OSError as error:
        raise DataError(f"{key}={file} can't be read: {error.strerror or error}") from error
    except UnreadablePicture as error:
        raise DataError(f"{key}={file} can't be read: {error}") from error


def start_picture(file: Path, data: Mapping[str, Any], key: str = "picture") -> Tensor:
    """The picture that drawing begins from: floats (1, C, S, S) in [-1, 1]. Raises DataError as `read`."""
    return to_unit_range(torch.tensor(read(file, decoder_of(data), key))[None])


def check_mask_fits(mask: Path, picture: Path) -> None:
    """Raises DataError for a mask that is neither a square nor of the picture's proportions: what would it cover?"""
    (width, height), (across, down) = _size(mask), _size(picture)
    if width != height and abs(width * down - height * across) > max(width * down, height * across) / 50:
        raise DataError(
            f"mask={mask} has {width}x{height} pixels, and picture={picture} {across}x{down}: a mask has the picture's "
            "proportions or is a square"
        )


def _size(file: Path) -> tuple[int, int]:
    """Width and height as a viewer shows them; both are files that were read before."""
    with Image.open(file) as image:
        is_turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
        return image.size[::-1] if is_turned else image.size


def mask_of(file: Path, data: Mapping[str, Any]) -> Tensor:
    """Where a picture is drawn anew: floats (S, S), 1 where the mask is white or transparent, 0 where it is black.

    It is cropped to its centre square like the picture, so that one of the picture's own size fits it.

    Raises:
        DataError: as `read`.
    """
    # Means over black and white would be a grey that no one has drawn.
    decoder = SquareDecoder(channels=1, resolution=data["resolution"], filter="nearest")
    return torch.from_numpy(read(file, decoder, "mask")[0] >= WHITE_FROM).float()
