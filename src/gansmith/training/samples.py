"""Grids of samples as PNG files: the quickest look at how a run is doing."""

import re
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger
from PIL import Image
from torch import Tensor

from gansmith.atomic import replacing
from gansmith.errors import ConfigError
from gansmith.training.watch import off_the_clock

PADDING = 2  # pixels between pictures and around them
WHITE = 255
READABLE = 64  # pixels: smaller pictures are enlarged by the largest whole factor that keeps within it


class SampleGrids(Callback):
    """Writes `run_dir/samples/step_00001000.png` every `every_n_steps` steps and at the last one.

    The grid shows samples 0 ... count - 1 of `pl_module.sample_images(indices, seed)`, the same latents each
    time. Class-conditional models give sample i the label i % classes: with `columns` a multiple of the
    number of classes, each column shows one class. Pictures of steps beyond the one at which training starts
    are removed.

    Attributes:
        latest: the newest picture's path, None before the first; rank 0 only.

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
        for key, value in {"every_n_steps": every_n_steps, "count": count, "columns": columns}.items():
            if value < 1:
                raise ConfigError(f"callbacks.samples.{key}={value}: must be at least 1")
        self.folder = Path(run_dir) / "samples"
        self.every_n_steps = every_n_steps
        self.count = count
        self.columns = columns
        self.seed = seed
        self.latest: Path | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        for path in sorted(self.folder.glob("step_*.png")):
            if named := re.fullmatch(r"step_(\d{8,})\.png", path.name):
                if int(named[1]) > trainer.global_step:
                    path.unlink()
                else:
                    self.latest = path

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        step = trainer.global_step
        due = step % self.every_n_steps == 0 or step == trainer.max_steps
        if due and trainer.is_global_zero:
            with off_the_clock(trainer):
                self.write(trainer, pl_module)

    def write(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draws the grid of the current step, saves it, and sends it to the loggers that take pictures."""
        step = trainer.global_step
        images = pl_module.sample_images(torch.arange(self.count), self.seed)  # type: ignore[operator]
        self.latest = self.folder / f"step_{step:08d}.png"
        save_grid(images, self.latest, self.columns)
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                logger.log_image("samples", [str(self.latest)], step=step)
            elif isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image("samples", image_grid(images.cpu(), self.columns), step)


def save_grid(images: Tensor, path: str | Path, columns: int) -> None:
    """Writes uint8 images (n, C, h, w) as one PNG, row by row; a failure leaves the old file."""
    grid = image_grid(images.cpu(), columns)
    pixels = grid[0] if len(grid) == 1 else grid.permute(1, 2, 0)
    with replacing(Path(path)) as temporary:
        Image.fromarray(pixels.contiguous().numpy()).save(temporary, format="PNG")


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
