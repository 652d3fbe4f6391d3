"""What a data set is to the rest of the package: pictures by index, and a fingerprint of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from torch import Tensor


class ImageSet(Protocol):
    """A finite, ordered set of pictures of one size.

    labels: int64 (N,) in [0, classes), or None.
    classes: number of classes, 0 without labels.
    fingerprint: changes when any picture, their order or their transform changes; labels do not count.
    in_memory: whether a batch is cheap enough to be made without worker processes.
    """

    labels: Tensor | None
    classes: int
    in_memory: bool

    @property
    def fingerprint(self) -> str: ...

    def __len__(self) -> int: ...

    def batch(self, indices: Tensor) -> Tensor:
        """Pictures at int64 `indices` (n,) as uint8 (n, C, H, W), values 0 to 255."""
        ...


class Source(Protocol):
    """Where pictures come from: what a file in `conf/data/` names under `source`."""

    def prepare(self, root: Path) -> None:
        """Bring the files under `root`; called by one process a machine, and may find them there already."""
        ...

    def load(self, split: str, resolution: int, channels: int, *, root: Path, test_fraction: float) -> ImageSet:
        """The pictures of `split` ("train" or "test") as (channels, resolution, resolution).

        Sets with an official split use it; others hold out about `test_fraction` of their pictures.
        """
        ...


class MemoryImages:
    """Pictures that live in memory as one tensor.

    images: uint8 (N, C, H, W).
    labels: int64 (N,) or None.
    fingerprint: of the pictures; computed from their pixels if None.
    """

    in_memory = True

    def __init__(
        self, images: Tensor, labels: Tensor | None = None, classes: int = 0, fingerprint: str | None = None
    ) -> None:
        self.images = images
        self.labels = labels
        self.classes = classes
        self._fingerprint = fingerprint

    @property
    def fingerprint(self) -> str:
        if self._fingerprint is None:
            shape = repr(tuple(self.images.shape)).encode()
            self._fingerprint = digest((shape, self.images.contiguous().numpy().data))
        return self._fingerprint

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, indices: Tensor) -> Tensor:
        return self.images[indices]


def digest(parts: Iterable[bytes | memoryview]) -> str:
    """BLAKE2 of the concatenated parts: 32 hexadecimal digits."""
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        hashed.update(part)
    return hashed.hexdigest()
