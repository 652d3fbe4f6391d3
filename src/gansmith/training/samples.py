"""Grids of samples: the quickest look at how a run is doing."""

from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor

from gansmith.errors import ConfigError
from gansmith.training.pictures import Pictures, save_picture

PADDING = 2  # pixels between pictures and around them
WHITE = 255
READABLE = 64  # pixels: smaller pictures are enlarged by the largest whole factor that keeps within it


class SampleGrids(Pictures):
    """Samples 0 ... count - 1 of `pl_module.sample_images(indices, seed)`: the same latents each time.

    Class-conditional models give sample i the label i % classes: with `columns` a multiple of the number of
    classes, each column shows one class. Arguments as for `Pictures`, and `columns` of the grid.

    Raises:
        ConfigError: a number is not positive.
    """

    def __init__(
        self,
        run_dir: str | Path,
        every_n_steps: int = 500,
        count: int = 100,
        columns: int = 10,
        seed: int = 0,
    ) -> None:
        super().__init__(run_dir, every_n_steps, count, seed)
        if columns < 1:
            raise ConfigError(f"callbacks.samples.columns={columns}: must be at least 1")
        self.columns = columns

    def check_model(self, model: Any) -> None:
        if hasattr(model, "translate"):
            raise ConfigError(
                f"callbacks=default shows samples from latents, model={model.name} translates pictures: "
                "take callbacks=pairs"
            )
        if hasattr(model, "embed"):
            raise ConfigError(
                f"callbacks=default shows samples, model={model.name} draws none: take callbacks=no_pictures"
            )

    def draw(self, trainer: Trainer, pl_module: LightningModule) -> Tensor:
        images = pl_module.sample_images(torch.arange(self.count), self.seed)  # type: ignore[operator]
        return image_grid(images.cpu(), self.columns)


def save_grid(images: Tensor, path: str | Path, columns: int) -> None:
    """Writes uint8 images (n, C, h, w) as one PNG, row by row; a failure leaves the old file."""
    save_picture(image_grid(images.cpu(), columns), path)


def image_grid(images: Tensor, columns: int) -> Tensor:
    """Lays uint8 images (n, C, h, w) out on white, row by row: uint8 (1 or 3, H, W).

    Other numbers of channels than 1 and 3 are shown as grey pictures, the channels of an image side by side.
    """
    tiles = enlarge(images if images.shape[1] in (1, 3) else side_by_side(images))
    n, channels, height, width = tiles.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    row_height, column_width = height + PADDING, width + PADDING
    grid = tiles.new_full((channels, PADDING + rows * row_height, PADDING + columns * column_width), WHITE)
    for i, tile in enumerate(tiles):
        top = PADDING + (i // columns) * row_height
        left = PADDING + (i % columns) * column_width
        grid[:, top : top + height, left : left + width] = tile
    return grid


def enlarge(images: Tensor) -> Tensor:
    """Repeats pixels so that the longer side comes as near to READABLE as a whole factor allows."""
    factor = max(1, READABLE // max(images.shape[-2:]))
    return images.repeat_interleave(factor, dim=-2).repeat_interleave(factor, dim=-1)


def side_by_side(images: Tensor) -> Tensor:
    """(n, C, h, w) -> (n, 1, h, C * w)."""
    return images.transpose(1, 2).flatten(2).unsqueeze(1)
