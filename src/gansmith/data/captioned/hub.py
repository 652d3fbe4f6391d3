"""Captioned pictures through Hugging Face's package `datasets`: from its hub, or from a folder it has saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from gansmith.data.captioned.source import CaptionedFileSource, Texts, captions_in, of_folders, with_captions
from gansmith.data.catalogue import Finding
from gansmith.data.files import PictureFiles, Stamp
from gansmith.data.imageset import digest
from gansmith.errors import ConfigError, DataError

SAVED = ("dataset_dict.json", "state.json")
"""One of these is in every folder that `save_to_disk` has written."""


class HubFiles:
    """The pictures of all splits, named by split and row.

    splits: name -> a `datasets.Dataset`.
    image: the column of the pictures.
    column: of the captions; None takes `text` or `caption`.
    """

    def __init__(self, place: str, splits: Mapping[str, Any], image: str, column: str | None) -> None:
        self.place, self.image = place, image
        self.splits = {split: _encoded(rows, image, f"data.source.path={place}") for split, rows in splits.items()}
        stamps: dict[str, Stamp] = {}
        texts: Texts = {}
        for split, rows in self.splits.items():
            changed = int(digest([str(rows._fingerprint).encode()])[:15], 16)
            for number, row in enumerate(rows.remove_columns([image])):
                name = f"{split}/{number:09}"
                stamps[name] = 0, changed
                texts[name] = captions_in(row, column, f"data.source.path={place}")
        self.texts = with_captions(place, stamps, texts, "data.source.column")
        self.stamps = {name: stamps[name] for name in self.texts}

    def read(self, name: str) -> bytes:
        split, _, number = name.partition("/")
        picture = self.splits[split][int(number)][self.image]
        return picture["bytes"] if picture["bytes"] is not None else Path(picture["path"]).read_bytes()


class HubCaptions(CaptionedFileSource):
    """The captioned pictures of one set of the hub; its split test or validation, if it has one, is held out.

    path: a name on the hub, or a folder that `datasets` reads or has saved.
    name: of one of the set's configurations.
    image: the column of the pictures.
    column: of the captions; None takes `text` or `caption`.
    Further arguments as for `EncodedSource`.
    """

    def __init__(
        self,
        path: str | None = None,
        name: str | None = None,
        image: str = "image",
        column: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.path = "" if path is None else str(Path(path).expanduser())
        self.name, self.image, self.column = name, image, column

    def prepare(self, root: Path) -> None:
        """Let `datasets` bring the set to its own cache."""
        self._splits()

    def files(self, root: Path) -> HubFiles:
        return HubFiles(self.path, self._splits(), self.image, self.column)

    def chosen(self, split: str, files: PictureFiles, readable: Mapping[str, Finding], test_fraction: float) -> Tensor:
        return of_folders(split, readable, (finding.digest for finding in readable.values()), test_fraction)

    def _splits(self) -> dict[str, Any]:
        if not self.path:
            raise ConfigError("data.source.path is missing: the set's name on the hub, or its folder")
        try:
            import datasets
        except ImportError as error:
            raise ConfigError("data=hf_captions needs the package datasets: pip install datasets") from error
        is_saved = any(Path(self.path, name).is_file() for name in SAVED)
        try:
            found = datasets.load_from_disk(self.path) if is_saved else datasets.load_dataset(self.path, self.name)
        except Exception as error:  # whatever a hub, a network or a loader raises
            raise DataError(f"data.source.path={self.path} can't be loaded: {' '.join(str(error).split())}") from error
        return dict(found) if isinstance(found, datasets.DatasetDict) else {"train": found}


def _encoded(rows: Any, image: str, place: str) -> Any:
    """The rows with their pictures as bytes or paths. Raises DataError if there is no such column."""
    import datasets

    if image not in rows.column_names:
        raise DataError(
            f"{place}: has no {image}, but {', '.join(rows.column_names)}; data.source.image names the pictures"
        )
    return rows.cast_column(image, datasets.Image(decode=False))
