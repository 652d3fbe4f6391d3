"""The set of scenes: pictures drawn when asked for, and captions made for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor

from gansmith.data.captioned.scenes import words_en, words_zh
from gansmith.data.captioned.scenes.draw import masks, paint
from gansmith.data.captioned.scenes.layout import Layouts, lay_out
from gansmith.data.captioned.scenes.palette import COLOURS
from gansmith.data.captioned.scenes.plan import plan
from gansmith.data.captioned.scenes.scene import Scene, Thing
from gansmith.data.captioned.scenes.shapes import SHAPES
from gansmith.data.captioned.scenes.statements import Statements
from gansmith.data.imageset import digest
from gansmith.errors import ConfigError
from gansmith.noise import mix_seed

LANGUAGES = {"en": words_en.phrase, "zh": words_zh.phrase}

DETAILS = ((False, False), (True, False), (False, True), (True, True))
"""What the captions of a scene say besides colours and shapes: sizes, places."""

SIZES = ("small", "large")

SMALLEST = 16


class SceneSet:
    """The scenes of one split, of which each is a function of (seed, split, its place) alone.

    split: "train", without the held-out combinations, or "test", with at least one of them in every scene.
    size: how many there are.
    resolution: of the pictures, in pixels.
    languages: of the captions, keys of `LANGUAGES`.
    seed: of the set.
    """

    labels: Tensor | None = None
    classes = 0
    in_memory = True

    def __init__(self, split: str, size: int, resolution: int, languages: Sequence[str], seed: int) -> None:
        self.split, self.resolution, self.languages, self.seed = split, resolution, tuple(languages), seed
        self.layouts: Layouts = lay_out(seed, split, size)

    @property
    def fingerprint(self) -> str:
        # A few pictures stand for how all are drawn.
        first = self.batch(torch.arange(min(16, len(self))))
        return digest([self._layout.encode(), first.numpy().data])

    @property
    def captions_fingerprint(self) -> str:
        # And a few captions for how all are worded.
        first = repr([self.captions(index) for index in range(min(256, len(self)))])
        return digest([self._layout.encode(), repr((self.seed, self.languages)).encode(), first.encode()])

    @property
    def _layout(self) -> str:
        return digest(np.ascontiguousarray(values).data for values in self.layouts)

    def __len__(self) -> int:
        return len(self.layouts.number)

    def batch(self, indices: Tensor) -> Tensor:
        """uint8 (n, 3, resolution, resolution)."""
        return torch.from_numpy(paint(self.layouts, indices.numpy(), self.resolution))

    def captions(self, index: int) -> tuple[str, ...]:
        return tuple(self._said(index))

    def scene(self, index: int) -> Scene:
        """What a picture shows, its captions, and what each of them says."""
        said = self._said(index)
        return Scene(self._things(index), int(self.layouts.background[index]), tuple(said), tuple(said.values()))

    def statements(self, index: int, caption: str) -> Statements:
        """What one of the captions of a picture says. Raises KeyError for a caption that is none of its."""
        return self._said(index)[caption]

    def annotations(self, index: int) -> dict[str, Tensor]:
        """Of the k shapes of a picture, in one order.

        boxes: float32 (k, 4), left, top, right and bottom, as shares of the side.
        masks: bool (k, resolution, resolution), pixels that belong to it by half or more.
        attributes: int64 (k, 3), places of colour, shape and size in `COLOURS`, `SHAPES` and `SIZES`.
        """
        rows = index, slice(self.layouts.number[index])
        numbers = [
            values[rows].astype(np.int64) for values in (self.layouts.colour, self.layouts.shape, self.layouts.large)
        ]
        return {
            "boxes": torch.tensor([thing.box for thing in self._things(index)]),
            "masks": torch.from_numpy(masks(self.layouts, index, self.resolution)),
            "attributes": torch.from_numpy(np.stack(numbers, axis=1)),
        }

    def _things(self, index: int) -> tuple[Thing, ...]:
        layouts, rows = self.layouts, (index, slice(self.layouts.number[index]))
        centre, half = layouts.centre[rows], layouts.side[rows][:, None] / 2
        boxes = np.concatenate([centre - half, centre + half], axis=1).tolist()
        colours, shapes = list(COLOURS), list(SHAPES)
        return tuple(
            Thing(colours[colour], shapes[shape], SIZES[large], (left, top, right, bottom))
            for colour, shape, large, (left, top, right, bottom) in zip(
                layouts.colour[rows].tolist(), layouts.shape[rows].tolist(), layouts.large[rows].tolist(), boxes
            )
        )

    def _said(self, index: int) -> dict[str, Statements]:
        """The captions of a picture, and what each says; plain ones first."""
        things = self._things(index)
        said: dict[str, Statements] = {}
        for language in self.languages:
            chance = Random(mix_seed(self.seed, self.split, index, language))
            for sizes, places in DETAILS:
                statements = plan(things, chance, sizes, places)
                said.setdefault(LANGUAGES[language](statements, chance), statements)
        return said


class Scenes:
    """One to three coloured shapes on grey, of which four combinations of colour and shape are held out.

    size, test_size: how many pictures the splits have.
    languages: of the captions: en, zh, or both.
    seed: of the set.
    Raises ConfigError for values that do not work.
    """

    def __init__(
        self, size: int = 100_000, test_size: int = 2_000, languages: Sequence[str] = ("en",), seed: int = 0
    ) -> None:
        for key, value in (("size", size), ("test_size", test_size)):
            if value < 1:
                raise ConfigError(f"data.source.{key}={value} must be at least 1")
        if not languages or not set(languages) <= set(LANGUAGES):
            raise ConfigError(f"data.source.languages={list(languages)} must be some of {', '.join(LANGUAGES)}")
        self.sizes = {"train": size, "test": test_size}
        self.languages = tuple(languages)
        self.seed = seed

    def prepare(self, root: Path) -> None:
        """Nothing to bring."""

    def load(self, split: str, resolution: int, channels: int, *, root: Path, test_fraction: float) -> SceneSet:
        """One split of (3, resolution, resolution). Raises ConfigError for other channels or too few pixels."""
        if channels != 3:
            raise ConfigError(f"data.channels={channels} must be 3: scenes are told apart by colour")
        if resolution < SMALLEST:
            raise ConfigError(f"data.resolution={resolution} must be at least {SMALLEST} for shapes to be seen")
        return SceneSet(split, self.sizes[split], resolution, self.languages, self.seed)
