"""Sheets of held-out captions: the quickest look at what a model makes of them."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import torch
from lightning.pytorch import Trainer
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from gansmith.data.captioned.captions import caption_of
from gansmith.errors import ConfigError
from gansmith.training.pictures import Pictures
from gansmith.training.samples import WHITE
from gansmith.training.sheets import sheet

LINE_HEIGHT = 12  # pixels
LINE_LENGTH = 40  # letters; those of Chinese are as wide as two


class CaptionSheets(Pictures):
    """Rows of a real picture, what each stage of the model draws for its caption, and the caption.

    `count` pictures, spread evenly over all of them.

    Args:
        split: test, or train for the pictures that are trained on.
        seed: of the samples. All others: see `Pictures`.

    Raises:
        ConfigError: another split.
    """

    def __init__(
        self, run_dir: str | Path, every_n_steps: int = 500, count: int = 8, seed: int = 0, split: str = "test"
    ) -> None:
        super().__init__(run_dir, every_n_steps, count, seed)
        if split not in ("train", "test"):
            raise ConfigError(f"callbacks.samples.split={split}: it is train or test")
        self.split = split

    def check_model(self, model: Any) -> None:
        if not hasattr(model, "sample_stages"):
            raise ConfigError(
                f"callbacks=captions shows what captions say, model={model.name} reads none: take callbacks=default"
            )

    def draw(self, trainer: Trainer, pl_module: Any) -> Tensor:
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        pictures = data.trained_on if self.split == "train" else data.split("test")
        count = min(self.count, len(pictures))
        places = torch.arange(count) * len(pictures) // count
        captions = [caption_of(pictures, index, self.seed) for index in places.tolist()]
        stages = pl_module.sample_stages(torch.arange(count), self.seed, prompt=captions)
        return caption_sheet({"real": pictures.batch(places), **stages}, captions)


def caption_sheet(columns: dict[str, Tensor], captions: Sequence[str]) -> Tensor:
    """Pictures by the name of their column, and a caption beside each row: uint8 (3, H, W).

    Args:
        columns: uint8 (n, C, h, w) each; sides may differ between columns.
        captions: n of them.
    """
    texts = [written_lines(caption) for caption in captions]
    rows = [[*(pictures[row][None] for pictures in columns.values()), text] for row, text in enumerate(texts)]
    return sheet(rows, [*columns, "caption"])


def written_lines(text: str) -> Tensor:
    """Black on white, in lines of at most 40 letters: uint8 (1, 1, 64, 250)."""
    canvas = Image.new("L", (250, 64), WHITE)
    ink, font = ImageDraw.Draw(canvas), ImageFont.load_default()
    for row, line in enumerate(wrap(text, LINE_LENGTH)):
        ink.text((4, row * LINE_HEIGHT), line, fill=0, font=font)
    return torch.frombuffer(bytearray(canvas.tobytes()), dtype=torch.uint8).view(1, 1, 64, 250)
