"""Encoded pictures that are read by name: a folder, or what else has names and bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from gansmith.data.decode import SUFFIXES
from gansmith.errors import DataError

Stamp = tuple[int, int]


class PictureFiles(Protocol):
    """Pictures by name. Must be picklable, and readable from several threads and processes.

    place: where they lie, as an absolute path.
    stamps: name -> (bytes, a number that changes with the content), sorted by name.
    """

    place: str
    stamps: dict[str, Stamp]

    def read(self, name: str) -> bytes:
        """The encoded picture. May raise anything that a broken disk or archive raises."""
        ...


class Folder:
    """The pictures below a folder, at any depth; hidden files and folders do not count.

    Their names are relative paths with forward slashes; they are told apart by size and time of change.
    Raises DataError if the folder is missing, can't be entered, or holds no picture.
    """

    def __init__(self, root: Path) -> None:
        if not root.exists():
            raise DataError(f"data.root={root} does not exist")
        if not root.is_dir():
            raise DataError(f"data.root={root} is no folder; a dataset.zip is read by data=stylegan_zip")
        self.place = os.path.realpath(root)
        try:
            self.stamps = dict(sorted(_pictures(self.place).items()))
        except OSError as error:
            raise DataError(f"data.root={root} can't be listed: {error}") from error
        if not self.stamps:
            raise DataError(f"data.root={root} holds no pictures ({', '.join(SUFFIXES)})")

    def read(self, name: str) -> bytes:
        with open(os.path.join(self.place, name), "rb") as file:
            return file.read()


def is_picture(name: str) -> bool:
    """Whether a file of that name is taken for a picture."""
    return name.lower().endswith(SUFFIXES) and not name.rpartition("/")[2].startswith(".")


def _pictures(root: str) -> dict[str, Stamp]:
    found: dict[str, Stamp] = {}
    pending, entered = [root], set()
    while pending:
        folder = pending.pop()
        # Links to folders are followed, but not in circles.
        if os.path.realpath(folder) in entered:
            continue
        entered.add(os.path.realpath(folder))
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir() and not entry.name.startswith("."):
                    pending.append(entry.path)
                elif is_picture(entry.name):
                    found[os.path.relpath(entry.path, root).replace(os.sep, "/")] = _stamp(entry)
    return found


def _stamp(entry: os.DirEntry[str]) -> Stamp:
    try:
        status = entry.stat()
    except OSError:
        # A link to nowhere: reading it will say so.
        return 0, 0
    return status.st_size, status.st_mtime_ns
