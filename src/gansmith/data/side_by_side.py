"""Pairs in one file, A|B, as the data sets of pix2pix come (Isola et al., 2017, arXiv:1611.07004)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gansmith.data.direction import ordered
from gansmith.data.imageset import digest
from gansmith.data.picture_folder import FolderSource
from gansmith.data.picture_set import PictureSet, Sample
from gansmith.data.pictures import Pictures
from gansmith.data.pixels import recolour
from gansmith.errors import ConfigError, DataError


class Halves:
    """Pictures whose left and right halves belong together.

    fields: names of the left and the right half.
    channels: field -> 1 or 3.
    Raises DataError for a picture that has no two equal halves.
    """

    def __init__(self, pictures: Pictures, fields: tuple[str, str], channels: Mapping[str, int]) -> None:
        for name, (height, width) in zip(pictures.names, pictures.sizes, strict=True):
            if width % 2:
                raise DataError(f"{name} is {width}x{height}; two pictures side by side need an even width")
        self.pictures = pictures
        self.fields = fields
        self.channels = dict(channels)
        self.scales: Mapping[str, int] = dict.fromkeys(fields, 1)
        self.names = pictures.names
        self.sizes: Sequence[tuple[int, int]] = [(height, width // 2) for height, width in pictures.sizes]
        self.in_memory = pictures.in_memory

    @property
    def fingerprint(self) -> str:
        transform = repr((self.fields, sorted(self.channels.items()), self.pictures.transform))
        return digest([transform.encode(), *(key.encode() for key in self.pictures.keys)])

    def __len__(self) -> int:
        return len(self.pictures)

    def read(self, index: int) -> Sample:
        halves = self.pictures.read(index).chunk(2, dim=2)
        return {field: recolour(half, self.channels[field]) for field, half in zip(self.fields, halves, strict=True)}


class SideBySide(FolderSource):
    """Files A|B below `data.root`, or below its train/ and test/ (or val/); other arguments as for `FolderSource`.

    direction: `AtoB` makes the left half the source, `BtoA` the right one.
    """

    def __init__(self, direction: str = "AtoB", **options: Any) -> None:
        super().__init__(**options)
        self.fields = ordered(direction, "source", "target")

    def load(
        self, split: str, channels: Mapping[str, int], scale: int, *, root: Path, test_fraction: float
    ) -> list[PictureSet]:
        """One set of the fields `source` and `target`. Raises DataError."""
        if scale != 1:
            raise ConfigError(f"data.scale={scale} must be 1: two halves of a picture have one size")
        pictures = self.split_of(split, root, "", max(channels.values()), test_fraction)
        return [Halves(pictures, self.fields, channels)]
