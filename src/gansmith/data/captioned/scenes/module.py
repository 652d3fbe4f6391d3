"""The data module of scenes: captioned pictures that know what they show."""

from __future__ import annotations

from typing import cast

from torch import Tensor

from gansmith.data.captioned.module import CaptionedData
from gansmith.data.captioned.scenes.source import SceneSet
from gansmith.data.examples import ImageExamples


class SceneExamples(ImageExamples):
    """Scenes one by one: `image`, and `boxes`, `masks` and `attributes` of its shapes (see `SceneSet.annotations`)."""

    def __init__(self, scenes: SceneSet) -> None:
        super().__init__(scenes)
        self.scenes = scenes

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {**super().__getitem__(index), **self.scenes.annotations(index)}


class SceneData(CaptionedData):
    """Scenes; arguments as for `CaptionedData`, with `gansmith.data.captioned.scenes.source.Scenes` as the source."""

    def split(self, name: str) -> SceneSet:
        """The scenes of `train` or `test`. Raises ConfigError for another name."""
        return cast(SceneSet, super().split(name))

    def examples(self, split: str) -> SceneExamples:
        return SceneExamples(self.split(split))
