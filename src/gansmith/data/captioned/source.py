"""What all captioned sets of picture files share."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from torch import Tensor

from gansmith.data.captioned.captions import CaptionedImages, CaptionedSet
from gansmith.data.catalogue import Catalogue
from gansmith.data.decode import SquareDecoder
from gansmith.data.encoded import EncodedSource
from gansmith.data.files import PictureFiles, Stamp
from gansmith.data.imageset import ImageSet
from gansmith.data.layout import HELD_OUT
from gansmith.data.split import of_split
from gansmith.errors import DataError

logger = logging.getLogger(__name__)

TEST_FOLDERS = (*HELD_OUT, "validation")
COLUMNS = ("text", "caption")
"""Where captions are if nobody says where."""

Texts = dict[str, tuple[str, ...]]


class CaptionedFiles(PictureFiles, Protocol):
    """Pictures by name, of which each has captions.

    texts: name -> its captions, at least one.
    """

    texts: Texts


class CaptionedFileSource(EncodedSource):
    """Captioned picture files; a source says which files, which captions, which split.

    Arguments as for `EncodedSource`.
    """

    def files(self, root: Path) -> CaptionedFiles:
        """The pictures under `root` that have captions."""
        raise NotImplementedError

    def labels(self, files: PictureFiles, names: list[str]) -> None:
        """None: there are captions instead."""

    def load(self, split: str, resolution: int, channels: int, *, root: Path, test_fraction: float) -> CaptionedSet:
        """One split as uint8 (N, channels, resolution, resolution), with captions. Raises DataError."""
        loaded = super().load(split, resolution, channels, root=root, test_fraction=test_fraction)
        return cast(CaptionedSet, loaded)

    def _pictures(self, files: PictureFiles, found: Catalogue, decoder: SquareDecoder, names: list[str]) -> ImageSet:
        texts = cast(CaptionedFiles, files).texts
        return CaptionedImages(super()._pictures(files, found, decoder, names), [texts[name] for name in names])


def with_captions(place: str, stamps: Mapping[str, Stamp], texts: Mapping[str, Iterable[str]], sought: str) -> Texts:
    """The captions of every picture that has any, in the order of the pictures; the log counts the others.

    place: where the pictures lie, for messages.
    texts: name -> captions; blank ones don't count.
    sought: where captions were looked for.
    Raises DataError if no picture has one.
    """
    tidied = {name: tuple(" ".join(text.split()) for text in texts.get(name, ()) if text.strip()) for name in stamps}
    captioned = {name: found for name, found in tidied.items() if found}
    if not captioned:
        raise DataError(f"data.root={place}: none of its {len(stamps)} pictures has a caption; looked for {sought}")
    if len(captioned) < len(stamps):
        logger.warning(
            "%s: left out %d of %d pictures without a caption", place, len(stamps) - len(captioned), len(stamps)
        )
    return captioned


def captions_in(row: Mapping[str, Any], column: str | None, place: str) -> tuple[str, ...]:
    """The captions of a row of a table: a text, a list of texts, or nothing.

    column: that has them; None takes the first of `COLUMNS` that is there.
    place: of the row, for messages.
    Raises DataError if there is no such column or something else is in it.
    """
    found = [name for name in (COLUMNS if column is None else (column,)) if name in row]
    if not found:
        wanted = f"data.source.column={column}" if column else " or ".join(COLUMNS)
        raise DataError(
            f"{place}: has no {wanted}, but {', '.join(map(str, row))}; data.source.column names the captions"
        )
    value = row[found[0]]
    texts = [value] if isinstance(value, str) else value or []
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise DataError(f"{place}: {found[0]} must be a text or a list of texts")
    return tuple(texts)


def of_folders(split: str, names: Iterable[str], keys: Iterable[str], test_fraction: float) -> Tensor:
    """Which pictures belong to a split, bool (N,): by the top folder in their names, or else by a hash of their keys.

    Where there is a folder train, only its pictures and those of the first of `TEST_FOLDERS` belong to any.
    """
    top = [name.partition("/")[0] if "/" in name else "" for name in names]
    held_out = next((folder for folder in TEST_FOLDERS if folder in top), None)
    if "train" in top and held_out is not None:
        wanted = "train" if split == "train" else held_out
        return torch.tensor([folder == wanted for folder in top])
    chosen = of_split(split, [key.encode() for key in keys], test_fraction)
    return chosen & torch.tensor([folder == "train" for folder in top]) if "train" in top else chosen
