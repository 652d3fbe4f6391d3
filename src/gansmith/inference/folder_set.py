"""A folder of pictures of one size as a set: generated ones, or real ones that were prepared elsewhere."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gansmith.data.catalogue import THREADS, Finding, read_again, read_all
from gansmith.data.decode import Decoder
from gansmith.data.files import Folder
from gansmith.data.imageset import digest
from gansmith.errors import DataError

log = logging.getLogger(__name__)

SHEET = "grid.png"
"""The sheet that `sample.py` lays beside its samples; it is none."""

LOSSY = (".jpg", ".jpeg", ".webp")


class FolderSet:
    """The pictures below `folder`, at any depth, in the order of their paths; grey ones become RGB.

    All are read once at the start, so that a broken one is found before anything is measured.

    Args:
        key: what the folder is called on the command line.

    Raises:
        DataError: there are none, one can't be read, or they have several sizes.
    """

    labels = None
    classes = 0
    in_memory = False

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.key = folder, key
        self._decoder = Decoder(channels=3)
        try:
            self._files = Folder(folder)
        except DataError as error:
            raise DataError(str(error).replace("data.root=", f"{key}=", 1)) from error
        self._files.stamps.pop(SHEET, None)
        findings = dict(read_all(self._files, self._files.stamps, self._decoder))
        self.names = list(findings)
        self._check(findings)
        self.size = findings[self.names[0]].size or (0, 0)
        self.fingerprint = digest(
            [repr(self._decoder).encode(), *(findings[name].digest.encode() for name in self.names)]
        )
        if any(name.lower().endswith(LOSSY) for name in self.names):
            log.warning("%s=%s: some pictures are compressed with losses, which metrics see", key, folder)

    def _check(self, findings: dict[str, Finding]) -> None:
        if not findings:
            raise DataError(f"{self.key}={self.folder} holds no pictures beside {SHEET}")
        broken = {name: found.problem for name, found in findings.items() if found.problem is not None}
        if broken:
            name, problem = next(iter(broken.items()))
            more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
            raise DataError(f"{self.key}={self.folder}: {name} can't be read: {problem}{more}")
        first: dict[tuple[int, int] | None, str] = {}
        for name, found in findings.items():
            first.setdefault(found.size, name)
        if len(first) > 1:
            shown = [f"{name} has {width}x{height}" for (height, width), name in list(first.items())[:2]]  # type: ignore[misc]
            raise DataError(f"{self.key}={self.folder}: pictures of one size are compared; {', '.join(shown)} pixels")

    def __len__(self) -> int:
        return len(self.names)

    def batch(self, indices: Tensor) -> Tensor:
        """Pictures at int64 `indices` (n,) as uint8 (n, 3, H, W).

        Raises:
            DataError: one has become unreadable.
        """
        with ThreadPoolExecutor(THREADS) as pool:
            names = [self.names[index] for index in indices.tolist()]
            pictures = list(pool.map(lambda name: read_again(self._files, name, self._decoder), names))
        return torch.from_numpy(np.stack(pictures))
