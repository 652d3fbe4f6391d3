"""StyleGAN's dataset.zip: pictures, and dataset.json with their labels; read in place."""

from __future__ import annotations

import json
import os
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gansmith.data.encoded import EncodedSource
from gansmith.data.files import PictureFiles, Stamp, is_picture
from gansmith.errors import DataError

LABELS = "dataset.json"
LARGEST_LABELS = 2**30


class ZipFiles:
    """The pictures in an archive, told apart by size and checksum.

    labels: name -> class, or None.
    Raises DataError if it is no zip archive, holds no picture, an entry's path leads out of it, or a label is no
    whole number from 0 to below the number of pictures.
    """

    def __init__(self, path: Path) -> None:
        self.place = os.path.realpath(path)
        self._opened: tuple[int, zipfile.ZipFile] | None = None
        try:
            entries = self._archive().infolist()
            self.labels = self._read_labels()
        except (OSError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
            raise DataError(f"data.root={path} is no zip archive: {error}") from error
        for entry in entries:
            if _leads_out(entry.filename):
                raise DataError(f"data.root={path} has an entry that leads out of the archive: {entry.filename}")
        stamps: dict[str, Stamp] = {
            entry.filename: (entry.file_size, entry.CRC) for entry in entries if is_picture(entry.filename)
        }
        self.stamps = dict(sorted(stamps.items()))
        if not self.stamps:
            raise DataError(f"data.root={path} holds no pictures")
        self._check_labels()

    def read(self, name: str) -> bytes:
        return self._archive().read(name)

    def _archive(self) -> zipfile.ZipFile:
        # A process that inherited an open file would share its position with the parent.
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = os.getpid(), zipfile.ZipFile(self.place)
        return self._opened[1]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None}

    def _read_labels(self) -> dict[str, int] | None:
        archive = self._archive()
        if LABELS not in archive.namelist():
            return None
        if archive.getinfo(LABELS).file_size > LARGEST_LABELS:
            raise DataError(f"{self.place}: {LABELS} has more than {LARGEST_LABELS} bytes")
        try:
            rows = json.loads(archive.read(LABELS))["labels"]
            labels = {name.replace("\\", "/"): label for name, label in rows or []}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{self.place}: {LABELS} must look like {{'labels': [[name, class], ...]}}") from error
        return labels or None

    def _check_labels(self) -> None:
        # Models allocate by the largest label: one typing error must not cost gigabytes.
        for name, label in (self.labels or {}).items():
            if type(label) is not int or not 0 <= label < len(self.stamps):
                raise DataError(
                    f"{self.place}: {LABELS} labels {name} with {label}; expected 0, 1, 2, ... below the number of "
                    f"pictures, {len(self.stamps)}"
                )


class StyleGANZip(EncodedSource):
    """The pictures in the archive `data.root`."""

    def files(self, root: Path) -> ZipFiles:
        return ZipFiles(root)

    def labels(self, files: PictureFiles, names: list[str]) -> tuple[Tensor, int] | None:
        if not isinstance(files, ZipFiles) or files.labels is None:
            return None
        missing = [name for name in names if name not in files.labels]
        if missing:
            raise DataError(f"{files.place}: {LABELS} has no label for {missing[0]}")
        return torch.tensor([files.labels[name] for name in names]), max(files.labels.values()) + 1


def _leads_out(name: str) -> bool:
    parts = re.split(r"[/\\]", name)
    return parts[0] == "" or ".." in parts or ":" in parts[0]
