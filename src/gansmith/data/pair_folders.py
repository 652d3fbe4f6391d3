"""Pairs in two folders: a file's partner is the file of its name in the other one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gansmith.data.direction import ordered
from gansmith.data.files import Folder
from gansmith.data.layout import split_folders
from gansmith.data.match import match
from gansmith.data.picture_folder import FolderSource, places_of
from gansmith.data.picture_set import PictureSet, Together
from gansmith.errors import DataError

Folders = tuple[Path, Path | None]


class PairedFolders(FolderSource):
    """Pairs of one name below trainA and trainB, A/train and B/train, or A and B; further as for `FolderSource`.

    a, b: names of the two folders below `data.root`, without the split.
    direction: `AtoB` makes the pictures of `a` the sources, `BtoA` those of `b`.
    """

    def __init__(self, a: str = "A", b: str = "B", direction: str = "AtoB", **options: Any) -> None:
        super().__init__(**options)
        self.names = ordered(direction, a, b)

    def folders(self, root: Path) -> tuple[Folders, Folders]:
        """For sources and targets: the folder to train with, and that of the pairs held out, if any."""
        source, target = self.names
        return split_folders(root, source), split_folders(root, target)

    def load(
        self, split: str, channels: Mapping[str, int], scale: int, *, root: Path, test_fraction: float
    ) -> list[PictureSet]:
        """One set of the fields `source` and `target`. Raises DataError."""
        (source, held_source), (target, held_target) = self.folders(root)
        if held_source is None and held_target is None:
            return [self._pairs(source, target, channels, scale, split, test_fraction)]
        if held_source is None or held_target is None:
            whole, half = (target, held_target) if held_source is None else (source, held_source)
            raise DataError(f"{half} has no partner: {source if whole is target else target} has no test folder")
        if split == "test":
            source, target = held_source, held_target
        return [self._pairs(source, target, channels, scale)]

    def _pairs(
        self,
        source: Path,
        target: Path,
        channels: Mapping[str, int],
        scale: int,
        split: str = "train",
        test_fraction: float = 0.0,
    ) -> Together:
        """The pairs of two folders, of which a split by a hash of the target is taken."""
        pairs = match(Folder(source).stamps, Folder(target).stamps, (str(source), str(target)), scale)
        sources, source_pictures = self.pictures(source, channels["source"])
        targets, target_pictures = self.pictures(target, channels["target"])
        source_place = {name: place for place, name in enumerate(sources)}
        target_place = {name: place for place, name in enumerate(targets)}
        # A pair of which one picture is broken has been reported and is left out.
        readable = [pair for pair in pairs if pair[0] in source_place and pair[1] in target_place]
        source_pictures = source_pictures.take([source_place[name] for name, _ in readable])
        target_pictures = target_pictures.take([target_place[name] for _, name in readable])
        places = places_of(split, target_pictures.keys, test_fraction)
        fields = {"source": source_pictures.take(places), "target": target_pictures.take(places)}
        return Together(fields, {"source": scale, "target": 1})


class ScaledFolders(PairedFolders):
    """Pictures and their smaller versions, `img_x4.png`, `imgx4.png` or `img.png`; further as for `FolderSource`.

    low, high: the two folders below `data.root` (or anywhere), as `a` and `b` of `PairedFolders`.
    test_low, test_high: those of the pairs held out, where their names don't say so.
    """

    def __init__(
        self,
        low: str = "LR",
        high: str = "HR",
        test_low: str | None = None,
        test_high: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(low, high, **options)
        self.test_names = test_low, test_high

    def folders(self, root: Path) -> tuple[Folders, Folders]:
        low, high = super().folders(root)
        return self._with_test(root, low, self.test_names[0]), self._with_test(root, high, self.test_names[1])

    @staticmethod
    def _with_test(root: Path, folders: Folders, test: str | None) -> Folders:
        return folders if test is None else (folders[0], root / Path(test).expanduser())
