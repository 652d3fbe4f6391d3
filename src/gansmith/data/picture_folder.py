"""One's own pictures at full size: a folder of any depth, with or without train/ and test/ in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from gansmith.data.decode import Decoder
from gansmith.data.files import Folder
from gansmith.data.layout import split_folders
from gansmith.data.picture_set import PictureSet, Together
from gansmith.data.pictures import Pictures, read_pictures
from gansmith.data.split import of_split
from gansmith.errors import ConfigError


class FolderSource:
    """What all sources of whole picture files share.

    background, max_pixels: see `gansmith.data.decode.Decoder`.
    max_unreadable: share of the pictures of a folder that may be broken; they are named in the log and left out.
    cache_dir: where it is kept what was found out about folders that don't fit into memory.
    Raises ConfigError for values that do not work.
    """

    paired: ClassVar[bool] = True

    def __init__(
        self,
        background: str = "white",
        max_unreadable: float = 0.05,
        max_pixels: int = 2**27,
        cache_dir: str | Path = "data/cache",
    ) -> None:
        if not 0 <= max_unreadable <= 1:
            raise ConfigError(f"data.source.max_unreadable={max_unreadable} must lie in 0 to 1")
        self.background = background
        self.max_unreadable = max_unreadable
        self.max_pixels = max_pixels
        self.cache_dir = Path(cache_dir).expanduser()
        self._read: dict[tuple[Path, int], tuple[list[str], Pictures]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Pictures are read, never sent to another process."""
        return {**self.__dict__, "_read": {}}

    def prepare(self, root: Path) -> None:
        """Nothing to bring."""

    def pictures(self, folder: Path, channels: int) -> tuple[list[str], Pictures]:
        """The readable pictures of a folder, and their names in it; read once for both splits."""
        if (folder, channels) not in self._read:
            decoder = Decoder(channels=channels, background=self.background, max_pixels=self.max_pixels)
            self._read[folder, channels] = read_pictures(Folder(folder), decoder, self.cache_dir, self.max_unreadable)
        return self._read[folder, channels]

    def split_of(self, split: str, root: Path, name: str, channels: int, test_fraction: float) -> Pictures:
        """The pictures of one split: those in a folder of its own, or chosen by a hash of their content."""
        train, test = split_folders(root, name)
        if test is not None:
            return self.pictures(train if split == "train" else test, channels)[1]
        pictures = self.pictures(train, channels)[1]
        return pictures.take(places_of(split, pictures.keys, test_fraction))


class PictureFolder(FolderSource):
    """The pictures below `data.root` at full size; arguments as for `FolderSource`."""

    def load(
        self, split: str, channels: Mapping[str, int], scale: int, *, root: Path, test_fraction: float
    ) -> list[PictureSet]:
        """One set of the field `image`. Raises DataError."""
        pictures = self.split_of(split, root, "", channels["image"], test_fraction)
        return [Together({"image": pictures}, {"image": 1})]


def places_of(split: str, keys: Sequence[str], test_fraction: float) -> list[int]:
    """Which of the pictures with these keys a split has that is made by a hash of them."""
    return of_split(split, [key.encode() for key in keys], test_fraction).nonzero()[:, 0].tolist()
