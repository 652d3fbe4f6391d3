"""Two domains without pairs, as the data sets of CycleGAN come (Zhu et al., 2017, arXiv:1703.10593)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from gansmith.data.direction import ordered
from gansmith.data.picture_folder import FolderSource
from gansmith.data.picture_set import PictureSet, Together
from gansmith.errors import ConfigError


class UnpairedFolders(FolderSource):
    """Pictures of any sizes and numbers below trainA and trainB, A/train and B/train, or A and B.

    a, b: names of the two folders below `data.root`, without the split.
    direction: `AtoB` makes the pictures of `a` the sources, `BtoA` those of `b`.
    Other arguments as for `FolderSource`.
    """

    paired: ClassVar[bool] = False

    def __init__(self, a: str = "A", b: str = "B", direction: str = "AtoB", **options: Any) -> None:
        super().__init__(**options)
        self.names = ordered(direction, a, b)

    def load(
        self, split: str, channels: Mapping[str, int], scale: int, *, root: Path, test_fraction: float
    ) -> list[PictureSet]:
        """A set of the field `source` and one of the field `target`. Raises DataError."""
        if scale != 1:
            raise ConfigError(f"data.scale={scale} must be 1: what has no partner has no scale")
        return [
            Together({field: self.split_of(split, root, name, channels[field], test_fraction)}, {field: 1})
            for field, name in zip(("source", "target"), self.names, strict=True)
        ]
