"""Sheets of held-out pairs: the quickest look at what a model makes of a picture."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn.functional import interpolate

from gansmith.data.held_out import HeldOutPairs, held_out_pairs
from gansmith.errors import ConfigError
from gansmith.ranges import to_uint8, to_unit_range
from gansmith.training.pictures import Pictures
from gansmith.training.samples import PADDING, WHITE, enlarge, side_by_side

LABELS = ("input", "output", "truth")
LABEL_HEIGHT = 14  # pixels
WIDEST = 512  # pixels: wider pictures are made smaller


class PairSheets(Pictures):
    """Rows of input, output and truth, whole: `count` test examples, spread evenly over all of them.

    The input is shown as one would without a model (`task.baseline`): enlarged, or with its hole. Models that
    also translate in reverse have a second sheet below. Arguments as for `Pictures`; the seed is that of the
    task's random numbers and of models whose output is random.
    """

    def __init__(self, run_dir: str | Path, every_n_steps: int = 500, count: int = 4, seed: int = 0) -> None:
        super().__init__(run_dir, every_n_steps, count, seed)

    def check_model(self, model: Any) -> None:
        if not hasattr(model, "translate"):
            raise ConfigError(
                f"callbacks=pairs shows translated pictures, model={model.name} samples from latents: "
                "take callbacks=default"
            )

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        super().on_train_start(trainer, pl_module)
        # Pictures that are not there, or don't fit together, should stop a run before its training.
        held_out_pairs(trainer.datamodule, "test", self.seed)  # type: ignore[attr-defined]

    @torch.inference_mode()
    def draw(self, trainer: Trainer, pl_module: Any) -> Tensor:
        data = trainer.datamodule  # type: ignore[attr-defined]
        parts = []
        for direction in pl_module.directions:
            pairs = held_out_pairs(data, "test", self.seed, direction)
            parts.append(sheet(list(self.rows(pl_module, pairs)), LABELS))
        return stacked(parts)

    def rows(self, model: Any, pairs: HeldOutPairs) -> Iterator[list[Tensor]]:
        """Input, output and truth of each example shown, uint8 (1, C, H, W) in memory."""
        count = min(self.count, len(pairs))
        for row in range(count):
            source, target = pairs[row * len(pairs) // count]
            here = source.to(model.device, model.dtype)
            output = model.translate(here, pairs.direction, self.seed)
            pictures = (pairs.baseline(source), pairs.render(here, output), pairs.render(source, target))
            yield [to_uint8(picture).cpu() for picture in pictures]


def sheet(rows: Sequence[Sequence[Tensor]], labels: Sequence[str]) -> Tensor:
    """Pictures of any size in rows, a label above each column: uint8 (3, H, W).

    Pictures wider than 512 pixels are shown smaller, and small ones larger by a whole factor.

    Args:
        rows: uint8 (1, C, h, w) each, as many in every row as there are labels.
        labels: one a column.
    """
    cells = [[cell(picture) for picture in row] for row in rows]
    widths = [max(picture.shape[-1] for picture in column) for column in zip(*cells)]
    heights = [max(picture.shape[-2] for picture in row) for row in cells]
    lefts = [PADDING + sum(widths[:column]) + column * PADDING for column in range(len(widths) + 1)]
    tops = [LABEL_HEIGHT + sum(heights[:row]) + row * PADDING for row in range(len(heights) + 1)]
    canvas = torch.full((3, tops[-1], lefts[-1]), WHITE, dtype=torch.uint8)
    for left, width, label in zip(lefts, widths, labels):
        canvas[:, :LABEL_HEIGHT, left : left + width] = written(label, width)
    for top, row in zip(tops, cells):
        for left, picture in zip(lefts, row):
            height, width = picture.shape[-2:]
            canvas[:, top : top + height, left : left + width] = picture
    return canvas


def cell(picture: Tensor) -> Tensor:
    """uint8 (1, C, h, w) at the size in which it is shown, as colour or grey: uint8 (3 or 1, h', w')."""
    picture = enlarge(picture if picture.shape[1] in (1, 3) else side_by_side(picture))
    height, width = picture.shape[-2:]
    if width > WIDEST:
        size = (max(1, round(height * WIDEST / width)), WIDEST)
        picture = to_uint8(interpolate(to_unit_range(picture), size, mode="bilinear", antialias=True))
    return picture[0]


def written(label: str, width: int) -> Tensor:
    """Black on white: uint8 (1, LABEL_HEIGHT, width)."""
    line = Image.new("L", (width, LABEL_HEIGHT), WHITE)
    ImageDraw.Draw(line).text((0, 0), label, fill=0, font=ImageFont.load_default())
    return torch.frombuffer(bytearray(line.tobytes()), dtype=torch.uint8).view(1, LABEL_HEIGHT, width)


def stacked(parts: Sequence[Tensor]) -> Tensor:
    """Pictures (3, h, w) one below the other on white: (3, H, W)."""
    width = max(part.shape[-1] for part in parts)
    return torch.cat([torch.nn.functional.pad(part, (0, width - part.shape[-1]), value=WHITE) for part in parts], 1)
