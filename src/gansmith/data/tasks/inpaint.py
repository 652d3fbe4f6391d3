"""Holes in pictures, filled."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from gansmith.data.degrade.masks import MASKS
from gansmith.data.tasks.task import Task
from gansmith.errors import ConfigError
from gansmith.noise import Draws


class Inpaint(Task):
    """Source: the picture, 0 in the hole, and the hole's own channel: 1 inside, -1 outside. Target: the picture.

    Args:
        source_channels, target_channels, scale: one more than the pictures', those of the pictures, and 1.
        masks: `center`, `boxes`, `strokes` or `mixed`.
        mask_file: a picture, white where pictures are missing, that is brought to their size and used instead.

    Raises:
        ConfigError: other masks, or a file that is no picture or has no white.
    """

    fills_holes: ClassVar[bool] = True

    def __init__(
        self,
        source_channels: int,
        target_channels: int,
        scale: int = 1,
        masks: str = "mixed",
        mask_file: str | None = None,
    ) -> None:
        super().__init__(source_channels, target_channels, scale)
        if masks not in MASKS:
            raise ConfigError(f"task.masks={masks} must be one of {', '.join(MASKS)}")
        self.masks = MASKS[masks]
        self.drawn = None if mask_file is None else read_mask(mask_file)

    def derive(self, fields: dict[str, Tensor], draws: Draws) -> dict[str, Tensor]:
        """Also `mask` (n, 1, H, W), 1 in the hole and 0 elsewhere."""
        image = fields["image"]
        mask = self.masks(draws, image) if self.drawn is None else _sized(self.drawn, image)
        return {"source": with_hole(image, mask), "target": image, "mask": mask}

    def prepare(self, picture: Tensor, mask: Tensor | None = None) -> Tensor:
        """The picture with its hole. Raises ConfigError if nobody says where that is."""
        if mask is None:
            raise ConfigError("task=inpaint needs to know what is missing: mask=FILE, or a picture with transparency")
        return with_hole(picture, mask)

    def render(self, source: Tensor, output: Tensor) -> Tensor:
        """The output in the hole, the source's own pixels around it."""
        picture, hole = split_hole(source)
        return torch.where(hole, output, picture.to(output.dtype))

    def baseline(self, source: Tensor) -> Tensor:
        """The picture with its hole grey."""
        return split_hole(source)[0]


def with_hole(image: Tensor, mask: Tensor) -> Tensor:
    """(n, C, h, w) in [-1, 1] and a mask (n, 1, h, w) in {0, 1} to a source (n, C + 1, h, w)."""
    return torch.cat([image * (1 - mask), 2 * mask - 1], 1)


def split_hole(source: Tensor) -> tuple[Tensor, Tensor]:
    """A source (n, C + 1, h, w) to the picture (n, C, h, w) and whether a pixel is missing (n, 1, h, w), bool."""
    return source[:, :-1], source[:, -1:] > 0


def read_mask(path: str) -> Tensor:
    """(1, 1, h, w) in {0, 1} of a file that is white where pictures are missing."""
    try:
        with Image.open(path) as file:
            white = np.asarray(file.convert("L")) > 127
    except OSError as error:
        raise ConfigError(f"task.mask_file={path} is not a picture that can be read") from error
    if not white.any():
        raise ConfigError(f"task.mask_file={path} has no white: white is what is missing")
    return torch.from_numpy(white).float()[None, None]


def _sized(mask: Tensor, image: Tensor) -> Tensor:
    return interpolate(mask.to(image), image.shape[-2:], mode="nearest-exact").expand(len(image), -1, -1, -1)
