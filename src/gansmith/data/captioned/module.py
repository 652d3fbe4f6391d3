"""The data module of captioned pictures, and its stream of batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from gansmith.data.captioned.captions import CaptionedSet, CaptionedSource, FewCaptioned, one_of
from gansmith.data.module import ImageData
from gansmith.data.steps import Batch
from gansmith.data.stream import BatchStream
from gansmith.errors import ConfigError


class CaptionedStream(BatchStream):
    """Batches of pictures and a caption for each, from step `start` on, without end.

    Which of a picture's captions it is, is drawn anew each time that the picture comes: a function of (seed, place in
    the order) alone.

    dataset: the pictures and their captions.
    Further arguments as for `BatchStream`.
    """

    def __init__(self, dataset: CaptionedSet, batch_size: int, seed: int = 0, **options: Any) -> None:
        super().__init__(dataset, batch_size, seed=seed, **options)
        self.captioned = dataset
        self.seed = seed

    def batch(self, step: int) -> Batch:
        """This rank's part of the batch of `step`: `image` uint8 (b, C, H, W), and `caption`, a list of b strings."""
        first, count = step * self.batch_size + self.rows.start, self.rows.stop - self.rows.start
        indices, _ = self._order.at(first, count)
        captions = [
            one_of(self.captioned.captions(index), self.seed, place)
            for place, index in enumerate(indices.tolist(), first)
        ]
        return {**super().batch(step), "caption": captions}


class CaptionedData(ImageData):
    """Pictures of one size with captions, and without labels.

    name, resolution, channels, batch_size, workers, seed, test_fraction, root, limit: see `ImageData`.
    source: brings and loads pictures and captions.
    classes: 0; there are no labels.
    horizontal_flip: mirror training pictures at random; captions that say left or right become false by it.

    Gives batches of `image`, uint8 (N, channels, resolution, resolution), and `caption`, a list of N strings.
    Raises ConfigError for a value out of range, and DataError for files that can't be read.
    """

    stream = CaptionedStream
    few = FewCaptioned

    def __init__(
        self,
        name: str,
        source: CaptionedSource,
        resolution: int,
        channels: int,
        classes: int = 0,
        batch_size: int = 64,
        horizontal_flip: bool = False,
        workers: int = 0,
        seed: int = 0,
        test_fraction: float = 0.1,
        root: str | Path = "data",
        limit: int | None = None,
    ) -> None:
        super().__init__(
            name,
            source,
            resolution,
            channels,
            0,
            batch_size,
            horizontal_flip,
            workers,
            seed,
            test_fraction,
            root,
            limit,
        )
        if classes != 0:
            raise ConfigError(f"data.classes={classes} must be 0: data={name} has captions and no labels")

    @property
    def fields(self) -> tuple[str, ...]:
        return ("image", "caption")

    @property
    def train(self) -> CaptionedSet:
        """The training pictures."""
        return self.split("train")

    @property
    def test(self) -> CaptionedSet:
        """The pictures held out. Raises DataError if there are none."""
        return self.split("test")

    def split(self, name: str) -> CaptionedSet:
        """The pictures of `train` or `test`, and their captions.

        Raises ConfigError for another name and DataError for a split without pictures.
        """
        return cast(CaptionedSet, super().split(name))

    def blank(self) -> dict[str, Any]:
        """A batch of one grey sample without a word; see `DataModule.blank`."""
        return {**super().blank(), "caption": [""]}
