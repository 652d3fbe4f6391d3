"""One data module for every set: a source of pictures, a split, and the endless stream of batches."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from gansmith.data.base import DataModule
from gansmith.data.examples import ImageExamples
from gansmith.data.few import FewImages
from gansmith.data.imageset import ImageSet, Source
from gansmith.data.steps import part_for
from gansmith.data.stream import BatchStream
from gansmith.errors import ConfigError, DataError

SPLITS = ("train", "test")


class ImageData(DataModule):
    """Pictures of one size, with labels or without.

    name: what results call the set.
    source: brings and loads the pictures.
    resolution: height and width in pixels.
    channels: 1 (grey), 3 (RGB), or whatever else the source has.
    classes: how many the set must have; None counts them when the set is read, 0 leaves its labels out.
    batch_size: the global batch, divided among the processes.
    horizontal_flip: mirror training pictures at random.
    workers: processes that decode ahead, where pictures do not live in memory.
    seed: of the order of the training pictures.
    test_fraction: share of the pictures held out where the set has no split of its own; 0 holds out none.
    root: the folder that downloads go to, or that one's own pictures lie in.
    limit: how many of the training pictures are trained on, evenly spaced in their order; None takes all. The
        splits, which metrics compare with, stay whole (as in Karras et al., 2020, arXiv:2006.06676, section 2).

    Gives batches of `image`, uint8 (N, channels, resolution, resolution), and `label`, int64 (N,).
    Raises ConfigError for a value out of range, and DataError for files that can't be read.
    """

    stream: ClassVar[type[BatchStream]] = BatchStream
    few: ClassVar[type[FewImages]] = FewImages

    def __init__(
        self,
        name: str,
        source: Source,
        resolution: int,
        channels: int,
        classes: int | None = None,
        batch_size: int = 64,
        horizontal_flip: bool = False,
        workers: int = 0,
        seed: int = 0,
        test_fraction: float = 0.1,
        root: str | Path = "data",
        limit: int | None = None,
    ) -> None:
        super().__init__()
        for key, value, least in (
            ("resolution", resolution, 1),
            ("channels", channels, 1),
            ("batch_size", batch_size, 1),
            ("workers", workers, 0),
            ("classes", classes or 0, 0),
            ("limit", 1 if limit is None else limit, 1),
        ):
            if value < least:
                raise ConfigError(f"data.{key}={value} must be at least {least}")
        if not 0 <= test_fraction < 1:
            raise ConfigError(f"data.test_fraction={test_fraction} must be at least 0 and below 1")
        self.name = name
        self.source = source
        self.resolution = resolution
        self.channels = channels
        self.batch_size = batch_size
        self.horizontal_flip = horizontal_flip
        self.workers = workers
        self.seed = seed
        self.test_fraction = test_fraction
        self.root = Path(root).expanduser()
        self.limit = limit
        self._wanted_classes = classes
        self._splits: dict[str, ImageSet] = {}

    @property
    def classes(self) -> int:
        """Number of classes, 0 without labels; reads the set if the config does not say."""
        if self._wanted_classes is None:
            return self.train.classes
        return self._wanted_classes

    @property
    def fields(self) -> tuple[str, ...]:
        """The names in a batch of the loader."""
        return ("image", "label") if self.classes else ("image",)

    @property
    def shapes(self) -> Mapping[str, tuple[int, int, int]]:
        """Channels, height and width of the pictures in a batch of the loader, by field."""
        return {"image": (self.channels, self.resolution, self.resolution)}

    @property
    def train(self) -> ImageSet:
        """The training pictures."""
        return self.split("train")

    @property
    def test(self) -> ImageSet:
        """The pictures held out. Raises DataError if there are none."""
        return self.split("test")

    def split(self, name: str) -> ImageSet:
        """The pictures of `train` or `test`.

        Raises ConfigError for another name and DataError for a split without pictures.
        """
        if name not in SPLITS:
            raise ConfigError(f"split {name} is unknown; data.name={self.name} has {' and '.join(SPLITS)}")
        if name not in self._splits:
            self._splits[name] = self._load(name)
        if len(self._splits[name]) == 0:
            raise DataError(
                f"{self.name} has no pictures for its {name} split (data.test_fraction={self.test_fraction})"
            )
        return self._splits[name]

    def examples(self, split: str) -> ImageExamples:
        """The pictures of `train` or `test` one by one."""
        return ImageExamples(self.split(split))

    def prepare_data(self) -> None:
        """Bring the files; Lightning calls it in one process a machine."""
        self.source.prepare(self.root)

    def setup(self, stage: str | None = None) -> None:
        """Read the pictures; once, whatever the stage."""
        self.split("train")

    def train_dataloader(self) -> BatchStream:
        """The stream from the trainer's step on, this rank's part; the whole of it without a trainer."""
        return self.stream(
            self.trained_on,
            self.batch_size,
            seed=self.seed,
            horizontal_flip=self.horizontal_flip,
            workers=self.workers,
            **part_for(self.trainer),
        )

    @property
    def trained_on(self) -> ImageSet:
        """The pictures of the train split, or as many of them as `limit` says."""
        if self.limit is None:
            return self.train
        if self.limit > len(self.train):
            raise ConfigError(f"data.limit={self.limit}, but {self.name} has {len(self.train)} training pictures")
        return self.few(self.train, self.limit)

    def _load(self, name: str) -> ImageSet:
        pictures = self.source.load(
            name, self.resolution, self.channels, root=self.root, test_fraction=self.test_fraction
        )
        if self._wanted_classes == 0:
            pictures.labels, pictures.classes = None, 0
        elif self._wanted_classes not in (None, pictures.classes):
            raise ConfigError(
                f"data.classes={self._wanted_classes}, but {self.name} has {pictures.classes} (null counts)"
            )
        return pictures
