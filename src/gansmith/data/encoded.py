"""Sets of picture files: decoded once and kept, or decoded while training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gansmith.data.catalogue import SMALL, Catalogue, Finding, catalogue, read_again, report_unreadable
from gansmith.data.decode import SquareDecoder
from gansmith.data.files import PictureFiles
from gansmith.data.imageset import ImageSet, MemoryImages, digest
from gansmith.data.split import of_split
from gansmith.errors import ConfigError


class EncodedImages:
    """Pictures that are decoded at every use, as worker processes can do ahead of the training step."""

    in_memory = False

    def __init__(self, files: PictureFiles, names: Sequence[str], decoder: SquareDecoder, fingerprint: str) -> None:
        self.files = files
        self.names = names
        self.decoder = decoder
        self.fingerprint = fingerprint
        self.labels: Tensor | None = None
        self.classes = 0

    def __len__(self) -> int:
        return len(self.names)

    def batch(self, indices: Tensor) -> Tensor:
        """Raises DataError for a picture that has become unreadable since the start."""
        pictures = [read_again(self.files, self.names[index], self.decoder) for index in indices.tolist()]
        return torch.from_numpy(np.stack(pictures))


class StoredImages:
    """Pictures in a memory-mapped .npy file, uint8 (M, C, H, W), of which `rows` (N,) belong to the set."""

    in_memory = False

    def __init__(self, file: Path, rows: Tensor, fingerprint: str) -> None:
        self.file = file
        self.rows = rows
        self.fingerprint = fingerprint
        self.labels: Tensor | None = None
        self.classes = 0
        self._pixels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __getstate__(self) -> dict[str, Any]:
        # Pickled, a memory map would be its whole content.
        return {**self.__dict__, "_pixels": None}

    def batch(self, indices: Tensor) -> Tensor:
        if self._pixels is None:
            self._pixels = np.load(self.file, mmap_mode="r")
        return torch.from_numpy(self._pixels[self.rows[indices].numpy()])


class EncodedSource:
    """What all sources of picture files share; a source says which files, which labels, which split.

    filter, background, max_pixels: see `gansmith.data.decode.SquareDecoder`.
    max_unreadable: share of the pictures that may be broken; they are named in the log and left out.
    cache: keep the resized pictures under `cache_dir`, so that nothing is decoded while training. Without it
        only sets below 256 MiB are: every process decodes them into memory at every start.
    Raises ConfigError for values that do not work.
    """

    def __init__(
        self,
        filter: str = "lanczos",
        background: str = "white",
        max_unreadable: float = 0.05,
        max_pixels: int = 2**27,
        cache: bool = True,
        cache_dir: str | Path = "data/cache",
    ) -> None:
        if not 0 <= max_unreadable <= 1:
            raise ConfigError(f"data.source.max_unreadable={max_unreadable} must lie in 0 to 1")
        self.decoding: dict[str, Any] = {"filter": filter, "background": background, "max_pixels": max_pixels}
        self.max_unreadable = max_unreadable
        self.cache = cache
        self.cache_dir = Path(cache_dir).expanduser()
        self._read: dict[tuple[Path, SquareDecoder], tuple[PictureFiles, Catalogue]] = {}

    def files(self, root: Path) -> PictureFiles:
        """The pictures under `root`."""
        raise NotImplementedError

    def labels(self, files: PictureFiles, names: list[str]) -> tuple[Tensor, int] | None:
        """The pictures' labels, int64 (N,), and the number of classes; None without."""
        raise NotImplementedError

    def chosen(self, split: str, files: PictureFiles, readable: Mapping[str, Finding], test_fraction: float) -> Tensor:
        """Which of the N readable pictures belong to the split, bool (N,): by a hash of the files' content."""
        return of_split(split, [finding.digest.encode() for finding in readable.values()], test_fraction)

    def prepare(self, root: Path) -> None:
        """Nothing to bring."""

    def load(self, split: str, resolution: int, channels: int, *, root: Path, test_fraction: float) -> ImageSet:
        """One split as uint8 (N, channels, resolution, resolution). Raises DataError."""
        decoder = SquareDecoder(resolution=resolution, channels=channels, **self.decoding)
        files, found = self._catalogue(root, decoder)
        readable = {name: finding for name, finding in found.findings.items() if finding.problem is None}
        names = list(readable)
        chosen = self.chosen(split, files, readable, test_fraction)
        pictures = self._pictures(files, found, decoder, [names[i] for i in chosen.nonzero()[:, 0].tolist()])
        labelled = self.labels(files, names)
        if labelled is not None:
            pictures.labels, pictures.classes = labelled[0][chosen], labelled[1]
        return pictures

    def _catalogue(self, root: Path, decoder: SquareDecoder) -> tuple[PictureFiles, Catalogue]:
        """What is there, read once for both splits."""
        if (root, decoder) not in self._read:
            files = self.files(root)
            found = catalogue(files, decoder, self.cache_dir, self.cache)
            report_unreadable(files, found.findings, self.max_unreadable)
            self._read[root, decoder] = files, found
        return self._read[root, decoder]

    def _pictures(self, files: PictureFiles, found: Catalogue, decoder: SquareDecoder, names: list[str]) -> ImageSet:
        fingerprint = digest([repr(decoder).encode(), *(found.findings[name].digest.encode() for name in names)])
        if found.pixels is None:
            return EncodedImages(files, names, decoder, fingerprint)
        places = {name: place for place, name in enumerate(found.findings)}
        rows = torch.tensor([places[name] for name in names], dtype=torch.int64)
        size = len(names) * decoder.channels * decoder.resolution**2
        if isinstance(found.pixels, Path) and size > SMALL:
            return StoredImages(found.pixels, rows, fingerprint)
        pixels = np.load(found.pixels, mmap_mode="r") if isinstance(found.pixels, Path) else found.pixels
        return MemoryImages(torch.from_numpy(pixels[rows.numpy()]), fingerprint=fingerprint)
