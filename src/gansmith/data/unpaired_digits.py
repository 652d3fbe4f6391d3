"""An unpaired problem with a known answer: digits, and inverted, coloured, thickened copies of other digits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from gansmith.data.packaged import MNIST5k
from gansmith.data.picture_set import PictureSet, Together
from gansmith.data.pictures import MemoryPictures
from gansmith.data.pixels import recolour
from gansmith.data.split import held_out
from gansmith.errors import ConfigError

RESOLUTION = 32
PAPER, INK = (250, 214, 120), (28, 44, 118)


class UnpairedDigits:
    """The digits of `mnist5k`, 32x32: as they are the sources, on paper the targets.

    The training digits fall into two halves, one for the sources and one for the targets, so that no picture has
    its partner among those to train with. Each test digit comes with its true partner.
    """

    paired: ClassVar[bool] = False

    def prepare(self, root: Path) -> None:
        """Nothing to bring."""

    def load(
        self, split: str, channels: Mapping[str, int], scale: int, *, root: Path, test_fraction: float
    ) -> list[PictureSet]:
        """`source` and `target`: two sets to train with, one to test."""
        if scale != 1:
            raise ConfigError(f"data.scale={scale} must be 1 for digits of one size")
        digits = MNIST5k().load(split, RESOLUTION, 1, root=root, test_fraction=test_fraction).images
        if split == "test":
            pairs = {"source": _pictures(digits, channels["source"]), "target": _on_paper(digits, channels["target"])}
            return [Together(pairs, {"source": 1, "target": 1})]
        halves = held_out([b"half" + digit.numpy().tobytes() for digit in digits], 0.5)
        return [
            Together({"source": _pictures(digits[~halves], channels["source"])}, {"source": 1}),
            Together({"target": _on_paper(digits[halves], channels["target"])}, {"target": 1}),
        ]


def on_paper(digits: Tensor) -> Tensor:
    """White strokes on black, uint8 (N, 1, H, W), as thicker dark blue ones on yellow, uint8 (N, 3, H, W)."""
    thick = max_pool2d(digits.float(), 3, stride=1, padding=1) / 255
    paper, ink = (torch.tensor(colour, dtype=torch.float32).view(3, 1, 1) for colour in (PAPER, INK))
    return paper.add(thick * (ink - paper)).round().to(torch.uint8)


def _on_paper(digits: Tensor, channels: int) -> MemoryPictures:
    return _pictures(on_paper(digits), channels)


def _pictures(images: Tensor, channels: int) -> MemoryPictures:
    pictures = [recolour(image, channels) for image in images]
    return MemoryPictures(pictures, [f"digit {i}" for i in range(len(pictures))])
