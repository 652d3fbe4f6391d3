"""Whole pictures, each of its own size: kept in memory, or decoded at every use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from gansmith.data.catalogue import (
    Finding,
    index_file,
    read_again,
    read_all,
    refresh,
    report_unreadable,
    save_index,
)
from gansmith.data.decode import Decoder
from gansmith.data.files import PictureFiles
from gansmith.data.imageset import digest
from gansmith.data.lock import one_at_a_time
from gansmith.errors import DataError

# Pictures that take less than this, decoded, live in memory.
ROOM = 2**30


class Pictures(Protocol):
    """A finite, ordered set of pictures of one kind.

    names: what an error calls each of them.
    keys: the hash of each one's content, before it was decoded.
    transform: what has been done to the content, in words.
    sizes: height and width of each.
    in_memory: whether reading one costs nothing.
    """

    names: Sequence[str]
    sizes: Sequence[tuple[int, int]]
    transform: str
    in_memory: bool

    @property
    def keys(self) -> Sequence[str]: ...

    def __len__(self) -> int: ...

    def read(self, index: int) -> Tensor:
        """The picture as uint8 (C, H, W). Raises DataError if it has become unreadable."""
        ...

    def take(self, indices: Sequence[int]) -> Pictures:
        """Those of the pictures, in that order."""
        ...


class MemoryPictures:
    """Pictures that live in memory, uint8 (C, H, W) each; their keys are computed from the pixels if None."""

    in_memory = True

    def __init__(
        self,
        pictures: Sequence[Tensor],
        names: Sequence[str],
        keys: Sequence[str] | None = None,
        transform: str = "",
    ) -> None:
        self.pictures = pictures
        self.names: Sequence[str] = names
        self.transform = transform
        self.sizes: Sequence[tuple[int, int]] = [(picture.shape[1], picture.shape[2]) for picture in pictures]
        self._keys = keys

    @cached_property
    def keys(self) -> Sequence[str]:
        if self._keys is not None:
            return self._keys
        return [digest([repr(tuple(one.shape)).encode(), one.contiguous().numpy().data]) for one in self.pictures]

    def __len__(self) -> int:
        return len(self.pictures)

    def read(self, index: int) -> Tensor:
        return self.pictures[index]

    def take(self, indices: Sequence[int]) -> MemoryPictures:
        keys = None if self._keys is None else [self._keys[i] for i in indices]
        pictures, names = [self.pictures[i] for i in indices], [self.names[i] for i in indices]
        return MemoryPictures(pictures, names, keys, self.transform)


class EncodedPictures:
    """Pictures that are decoded at every use, as worker processes can do ahead of the training step.

    findings: about each of them, by its name in `files`.
    """

    in_memory = False

    def __init__(self, files: PictureFiles, findings: dict[str, Finding], decoder: Decoder) -> None:
        self.files = files
        self.findings = findings
        self.decoder = decoder
        self.transform = repr(decoder)
        self.names: Sequence[str] = [os.path.join(files.place, name) for name in findings]
        self.keys: Sequence[str] = [found.digest for found in findings.values()]
        self.sizes: Sequence[tuple[int, int]] = [found.size or (0, 0) for found in findings.values()]
        self._names = list(findings)

    def __len__(self) -> int:
        return len(self.findings)

    def read(self, index: int) -> Tensor:
        picture = read_again(self.files, self._names[index], self.decoder)
        if picture.shape[1:] != self.sizes[index]:
            raise DataError(f"{self.names[index]} has changed its size since the start")
        return torch.from_numpy(picture.copy())

    def take(self, indices: Sequence[int]) -> EncodedPictures:
        names = [self._names[i] for i in indices]
        return EncodedPictures(self.files, {name: self.findings[name] for name in names}, self.decoder)


class _Kept:
    """Decoded pictures by their place, until there are more bytes of them than `ROOM`; several threads may add."""

    def __init__(self) -> None:
        self.pictures: dict[int, Tensor] = {}
        self.size = 0
        self._lock = Lock()

    def add(self, place: int, picture: np.ndarray) -> None:
        with self._lock:
            self.size += picture.nbytes
            if self.size <= ROOM:
                self.pictures[place] = torch.from_numpy(picture.copy())
            else:
                self.pictures.clear()


def read_pictures(
    files: PictureFiles, decoder: Decoder, cache_dir: Path, max_unreadable: float
) -> tuple[list[str], Pictures]:
    """The readable pictures among `files`, and their names there.

    Every picture is read once before training, which finds the broken ones: they are named in the log and left
    out. Those that fit are kept in memory; what was found out about larger sets is kept in `cache_dir`.
    Raises DataError if a larger share than `max_unreadable` is broken, or `cache_dir` can't be written.
    """
    findings, kept = _survey(files, decoder, cache_dir)
    report_unreadable(files, findings, max_unreadable)
    readable = {name: found for name, found in findings.items() if found.problem is None}
    if kept is None:
        return list(readable), EncodedPictures(files, readable, decoder)
    pictures = [kept[place] for place, name in enumerate(findings) if name in readable]
    names = [os.path.join(files.place, name) for name in readable]
    keys = [found.digest for found in readable.values()]
    return list(readable), MemoryPictures(pictures, names, keys, repr(decoder))


def _survey(
    files: PictureFiles, decoder: Decoder, cache_dir: Path
) -> tuple[dict[str, Finding], dict[int, Tensor] | None]:
    """The findings about every picture, and the pictures by their place if they fit."""
    index = index_file(files, decoder, cache_dir)
    try:
        if index.exists():
            with one_at_a_time(index.with_suffix(".lock")):
                findings = refresh(files, decoder, index)
            if sum(decoder.channels * height * width for height, width in _sizes(findings)) > ROOM:
                return findings, None
        kept = _Kept()
        findings = dict(read_all(files, files.stamps, decoder, kept.add))
        if kept.size <= ROOM:
            return findings, kept.pictures
        with one_at_a_time(index.with_suffix(".lock")):
            save_index(index, findings)
    except OSError as error:
        raise DataError(f"data.source.cache_dir={cache_dir} can't be written: {error}") from error
    return findings, None


def _sizes(findings: dict[str, Finding]) -> list[tuple[int, int]]:
    return [found.size for found in findings.values() if found.size is not None]
