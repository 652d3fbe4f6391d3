"""Data modules of whole pictures: random crops to train with, held-out pictures whole to test on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from gansmith.data.base import DataModule
from gansmith.data.crop_stream import Crops, CropStream
from gansmith.data.module import SPLITS
from gansmith.data.picture_set import PictureExamples, PictureSet, PictureSource, Resized
from gansmith.data.steps import part_for
from gansmith.errors import ConfigError, DataError
from gansmith.noise import mix_seed


class CropData(DataModule):
    """Pictures of any size, without labels.

    name: what results call the set.
    source: brings and loads the pictures.
    resolution: height and width of the crops in pixels.
    channels: 1 (grey) or 3 (RGB).
    classes: 0; there are no labels.
    batch_size: the global batch, divided among the processes.
    horizontal_flip: mirror crops at random.
    rotate: turn crops by 0, 90, 180 or 270 degrees at random.
    resize: side of the square that every picture is resized to before a crop is taken; pictures to test on are
        then resized to `resolution`. None takes crops from the pictures as they are, and tests on whole ones.
    workers: processes that decode ahead, where pictures do not live in memory.
    seed: of the crops and of what is done to them.
    test_fraction: share of the pictures held out where the set has no split of its own; 0 holds out none.
    root: the folder that one's own pictures lie in.

    Gives batches of `image`, uint8 (N, channels, resolution, resolution).
    Raises ConfigError for a value out of range, and DataError for files that can't be read.
    """

    classes: int = 0
    scale: int = 1

    def __init__(
        self,
        name: str,
        source: PictureSource,
        resolution: int,
        channels: int,
        classes: int = 0,
        batch_size: int = 16,
        horizontal_flip: bool = False,
        rotate: bool = False,
        resize: int | None = None,
        workers: int = 0,
        seed: int = 0,
        test_fraction: float = 0.1,
        root: str | Path = "data",
    ) -> None:
        super().__init__()
        _check_least(1, resolution=resolution, batch_size=batch_size)
        _check_least(0, workers=workers)
        _check_channels(channels=channels)
        if resize is not None and resize < resolution:
            raise ConfigError(f"data.resize={resize} must be null or at least data.resolution={resolution}")
        if classes != 0:
            raise ConfigError(f"data.classes={classes} must be 0: data={name} has no labels")
        if not 0 <= test_fraction < 1:
            raise ConfigError(f"data.test_fraction={test_fraction} must be at least 0 and below 1")
        self.name = name
        self.source = source
        self.resolution = resolution
        self.channels = channels
        self.batch_size = batch_size
        self.horizontal_flip = horizontal_flip
        self.rotate = rotate
        self.resize = resize
        self.workers = workers
        self.seed = seed
        self.test_fraction = test_fraction
        self.root = Path(root).expanduser()
        self._whole: dict[str, list[PictureSet]] = {}
        self._crops: list[Crops] = []

    def __getstate__(self) -> dict[str, Any]:
        """Pictures are read, never sent to another process: each would be a file that it has to open."""
        return {**self.__dict__, "_whole": {}, "_crops": []}

    @property
    def field_channels(self) -> Mapping[str, int]:
        """The names in a batch of the loader, and how many channels each has."""
        return {"image": self.channels}

    @property
    def fields(self) -> tuple[str, ...]:
        """The names in a batch of the loader."""
        return tuple(self.field_channels)

    @property
    def shapes(self) -> Mapping[str, tuple[int, int, int]]:
        """Channels, height and width of the pictures in a batch of the loader, by field."""
        return {field: (channels, self.resolution, self.resolution) for field, channels in self.field_channels.items()}

    def examples(self, split: str) -> PictureExamples:
        """The whole pictures of `train` or `test` one by one, or squares of `resolution` where there is a `resize`.

        Raises ConfigError for another name and DataError for a split without pictures.
        """
        return PictureExamples(self._sized(self.whole(split), self.resolution))

    def whole(self, split: str) -> list[PictureSet]:
        """The pictures of `train` or `test` as they are, in sets that are drawn independently of each other.

        Raises ConfigError for another name and DataError for a split without pictures.
        """
        if split not in SPLITS:
            raise ConfigError(f"split {split} is unknown; data.name={self.name} has {' and '.join(SPLITS)}")
        if split not in self._whole:
            self._whole[split] = self.source.load(
                split, self.field_channels, self.scale, root=self.root, test_fraction=self.test_fraction
            )
        if not all(map(len, self._whole[split])):
            raise DataError(
                f"{self.name} has no pictures for its {split} split (data.test_fraction={self.test_fraction})"
            )
        return self._whole[split]

    def split(self, name: str) -> NoReturn:
        """Raises ConfigError: protocols that compare sets of pictures of one size have none here."""
        raise ConfigError(
            f"data={self.name} has pictures of any size, and these metrics compare pictures of one; "
            "metrics=paired compares pairs, data=image_folder has one size, metrics=none measures nothing"
        )

    def prepare_data(self) -> None:
        """Bring the files; Lightning calls it in one process a machine."""
        self.source.prepare(self.root)

    def setup(self, stage: str | None = None) -> None:
        """Read the pictures to train with, once."""
        if stage in (None, "fit"):
            self.crops()

    def crops(self) -> list[Crops]:
        """The random crops of every set to train with. Raises DataError for a picture smaller than a crop."""
        if not self._crops:
            self._crops = [
                Crops(one, self.resolution, self.horizontal_flip, self.rotate, seed=mix_seed(self.seed, *one.scales))
                for one in self._sized(self.whole("train"), self.resize)
            ]
        return self._crops

    def train_dataloader(self) -> CropStream:
        """The stream from the trainer's step on, this rank's part; the whole of it without a trainer."""
        return CropStream(self.crops(), self.batch_size, workers=self.workers, **part_for(self.trainer))

    def _sized(self, sets: list[PictureSet], side: int | None) -> list[PictureSet]:
        if self.resize is None or side is None:
            return sets
        return [Resized(one, side) for one in sets]


class PairData(CropData):
    """Pictures with a source and a target, in pairs or without partners; arguments as for `CropData`.

    source_channels, target_channels: 1 (grey) or 3 (RGB); None takes `channels`.
    scale: side of the target by side of the source.

    Gives batches of `target`, uint8 (N, target_channels, resolution, resolution), and `source`, uint8
    (N, source_channels, resolution / scale, resolution / scale).
    """

    def __init__(
        self,
        name: str,
        source: PictureSource,
        resolution: int,
        channels: int,
        source_channels: int | None = None,
        target_channels: int | None = None,
        scale: int = 1,
        **options: Any,
    ) -> None:
        super().__init__(name, source, resolution, channels, **options)
        _check_least(1, scale=scale)
        for key, side in (("resolution", resolution), ("resize", self.resize)):
            if side is not None and side % scale:
                raise ConfigError(f"data.{key}={side} must be a multiple of data.scale={scale}")
        self.source_channels = channels if source_channels is None else source_channels
        self.target_channels = channels if target_channels is None else target_channels
        _check_channels(source_channels=self.source_channels, target_channels=self.target_channels)
        self.scale = scale
        self.paired = source.paired

    @property
    def field_channels(self) -> Mapping[str, int]:
        return {"source": self.source_channels, "target": self.target_channels}

    @property
    def shapes(self) -> Mapping[str, tuple[int, int, int]]:
        side = self.resolution // self.scale
        return {**super().shapes, "source": (self.source_channels, side, side)}


def _check_least(least: int, **keys: int) -> None:
    for key, value in keys.items():
        if value < least:
            raise ConfigError(f"data.{key}={value} must be at least {least}")


def _check_channels(**keys: int) -> None:
    for key, channels in keys.items():
        if channels not in (1, 3):
            raise ConfigError(f"data.{key}={channels} must be 1 (grey) or 3 (RGB)")
