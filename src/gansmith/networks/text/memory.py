"""What a frozen encoder has made of captions, in memory and in a file."""

from __future__ import annotations

import logging
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

log = logging.getLogger(__name__)

LIMIT = 2**28
"""Bytes of encodings in memory (256 MB): nine thousand captions of twenty tokens of MiniLM."""

PATIENCE = 60
"""Seconds to wait for another process that writes."""

Encode = Callable[[list[str]], list[Tensor]]


class Memory:
    """Encodings by caption. Where memory is full, those go that nobody asked for the longest.

    Args:
        width: d; an encoding is float32 (rows, d).
        file: where encodings are also kept, for other processes and other runs; None for nowhere.
        limit: bytes in memory.
    """

    def __init__(self, width: int, file: Path | None = None, limit: int = LIMIT) -> None:
        self.file = EncodingFile(file, width) if file else None
        self.limit, self.bytes = limit, 0
        self.known: OrderedDict[str, Tensor] = OrderedDict()

    def encodings(self, captions: Sequence[str], encode: Encode) -> list[Tensor]:
        """The encoding of each caption; `encode` is asked for those that are not known yet, each once."""
        found = {caption: self.known[caption] for caption in captions if caption in self.known}
        missing = [caption for caption in dict.fromkeys(captions) if caption not in found]
        if missing and self.file:
            found |= self.file.read(missing)
            missing = [caption for caption in missing if caption not in found]
        if missing:
            fresh = dict(zip(missing, encode(missing), strict=True))
            found |= fresh
            if self.file:
                self.file.write(fresh)
        for caption, encoding in found.items():
            self._keep(caption, encoding)
        return [found[caption] for caption in captions]

    def _keep(self, caption: str, encoding: Tensor) -> None:
        if caption not in self.known:
            self.bytes += encoding.nbytes
        self.known[caption] = encoding
        self.known.move_to_end(caption)
        while self.bytes > self.limit:
            self.bytes -= self.known.popitem(last=False)[1].nbytes


class EncodingFile:
    """Encodings in an SQLite file, which several processes may read and write at once.

    A file that can't be used costs time and no run: a warning, and everything is computed.
    """

    def __init__(self, path: Path, width: int) -> None:
        self.path, self.width, self.works = path, width, True

    def read(self, captions: Iterable[str]) -> dict[str, Tensor]:
        """Of the captions those that are there."""

        def select(file: sqlite3.Connection) -> dict[str, Tensor]:
            question = "SELECT encoding FROM encodings WHERE caption = ?"
            rows = ((caption, file.execute(question, (_key(caption),)).fetchone()) for caption in captions)
            return {caption: self._tensor(row[0]) for caption, row in rows if row}

        return self._with_file(select) or {}

    def write(self, encodings: dict[str, Tensor]) -> None:
        """All of them or, where that fails, none."""
        rows = [(_key(caption), encoding.numpy().tobytes()) for caption, encoding in encodings.items()]

        def insert(file: sqlite3.Connection) -> dict[str, Tensor]:
            file.executemany("INSERT OR IGNORE INTO encodings VALUES (?, ?)", rows)
            return {}

        self._with_file(insert)

    def _with_file(self, work: Callable[[sqlite3.Connection], dict[str, Tensor]]) -> dict[str, Tensor] | None:
        if not self.works:
            return None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # A connection must not outlive a fork, and opening one takes less than a millisecond.
            with closing(sqlite3.connect(self.path, timeout=PATIENCE)) as file, file:
                file.execute("CREATE TABLE IF NOT EXISTS encodings (caption BLOB PRIMARY KEY, encoding BLOB)")
                return work(file)
        except (OSError, sqlite3.Error, ValueError) as error:
            log.warning("%s can't be used (%s): captions are encoded again", self.path, error)
            self.works = False
            return None

    def _tensor(self, content: bytes) -> Tensor:
        return torch.from_numpy(np.frombuffer(content, np.float32).reshape(-1, self.width).copy())


def _key(caption: str) -> bytes:
    return caption.encode(errors="surrogatepass")
