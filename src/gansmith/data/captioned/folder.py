"""One's own captioned pictures: a folder with tables of metadata, or with a text file beside each picture."""

from __future__ import annotations

import csv
import json
import logging
import os
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from gansmith.data.captioned.source import (
    COLUMNS,
    CaptionedFileSource,
    Texts,
    captions_in,
    of_folders,
    with_captions,
)
from gansmith.data.catalogue import Finding
from gansmith.data.files import Folder, PictureFiles
from gansmith.errors import DataError

logger = logging.getLogger(__name__)

NAME = "file_name"
TABLES = ("metadata.jsonl", "metadata.csv")


class CaptionedFolderFiles(Folder):
    """The captioned pictures below a folder, at any depth.

    column: of the metadata; None takes `text` or `caption`.
    texts: name -> captions.
    Raises DataError if there are no pictures, no captions, or metadata that can't be read.
    """

    def __init__(self, root: Path, column: str | None = None) -> None:
        super().__init__(root)
        texts = {**self._beside(), **self._listed(column)}
        columns = " or ".join(COLUMNS if column is None else (column,))
        sought = f"{' and '.join(TABLES)} with {NAME} and {columns}, and a .txt file beside each picture"
        self.texts = with_captions(str(root), self.stamps, texts, sought)
        self.stamps = {name: self.stamps[name] for name in self.texts}

    def _beside(self) -> Texts:
        """Captions of the pictures that have a text file of their name: one a line."""
        files = {name: Path(self.place, name).with_suffix(".txt") for name in self.stamps}
        return {name: tuple(_text(file).splitlines()) for name, file in files.items() if file.is_file()}

    def _listed(self, column: str | None) -> Texts:
        """Captions in the tables of any folder."""
        listed = {name: texts for table in self._tables() for name, texts in _read_table(table, self.place, column)}
        if missing := [name for name in listed if name not in self.stamps]:
            logger.warning(
                "%s: metadata name %d pictures that are not there, %s first", self.place, len(missing), missing[0]
            )
        return listed

    def _tables(self) -> list[Path]:
        folders = {posixpath.dirname(name) for name in self.stamps}
        # A table may name the pictures of folders below its own.
        above = {parent for folder in folders for parent in _with_parents(folder)}
        tables = (Path(self.place, folder, table) for folder in sorted(above) for table in TABLES)
        return [table for table in tables if table.is_file()]


class CaptionedFolder(CaptionedFileSource):
    """The captioned pictures below `data.root`.

    Captions are in metadata.jsonl or metadata.csv, as Hugging Face's `imagefolder` has them, or in a text file beside
    each picture, one a line. Where there is a folder train/, it is the train split, and test/ (or val/, valid/,
    validation/) that held out; else the split is made by a hash of the pictures.

    column: of the metadata that has the captions; None takes `text` or `caption`.
    Further arguments as for `EncodedSource`.
    """

    def __init__(self, column: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.column = column

    def files(self, root: Path) -> CaptionedFolderFiles:
        return CaptionedFolderFiles(root, self.column)

    def chosen(self, split: str, files: PictureFiles, readable: Mapping[str, Finding], test_fraction: float) -> Tensor:
        return of_folders(split, readable, (finding.digest for finding in readable.values()), test_fraction)


def _with_parents(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} can't be read as UTF-8 text: {error}") from error


def _read_table(table: Path, place: str, column: str | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names of pictures, as they are below `place`, and their captions."""
    folder = os.path.relpath(table.parent, place).replace(os.sep, "/")
    for line, row in _rows(table):
        if not isinstance(row, dict) or not isinstance(row.get(NAME), str):
            raise DataError(f"{table}, line {line}: has no {NAME}")
        name = posixpath.normpath(posixpath.join(folder, row[NAME].replace("\\", "/")))
        yield name, captions_in(row, column, f"{table}, line {line}")


def _rows(table: Path) -> Iterator[tuple[int, Any]]:
    """The rows of a table and their lines, counted from 1."""
    lines = _text(table).splitlines(keepends=True)
    if table.suffix == ".csv":
        reader = csv.DictReader(lines, strict=True)
        try:
            for row in reader:
                yield reader.line_num, row
        except csv.Error as error:
            raise DataError(f"{table}, line {reader.line_num + 1}: {error}") from error
        return
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise DataError(f"{table}, line {number}: is no JSON: {error}") from error
