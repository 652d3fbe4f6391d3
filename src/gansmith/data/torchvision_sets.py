"""Public sets that torchvision downloads and reads, held in memory, with their official split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torchvision import datasets

from gansmith.data.imageset import MemoryImages
from gansmith.data.lock import one_at_a_time
from gansmith.data.pixels import refit
from gansmith.errors import ConfigError, DataError


@dataclass(frozen=True)
class Published:
    """How a set is asked for.

    reader: the class in torchvision.datasets.
    train, test: its arguments for the split.
    place: the files that work without a download, below data.root.
    classes: 0 for a set whose training pictures have no labels.
    margin: black pixels on each side (see `gansmith.data.pixels.refit`).
    """

    reader: str
    train: dict[str, Any]
    test: dict[str, Any]
    place: str
    classes: int
    margin: int = 0


IDX = "raw/{train,t10k}-{images-idx3,labels-idx1}-ubyte"
BY_FLAG: dict[str, Any] = {"train": {"train": True}, "test": {"train": False}}
STL10 = "stl10_binary/*.bin or stl10_binary.tar.gz"
PUBLISHED = {
    "MNIST": Published("MNIST", place=f"MNIST/{IDX}", classes=10, margin=2, **BY_FLAG),
    "FashionMNIST": Published("FashionMNIST", place=f"FashionMNIST/{IDX}", classes=10, margin=2, **BY_FLAG),
    "CIFAR10": Published("CIFAR10", place="cifar-10-python.tar.gz", classes=10, **BY_FLAG),
    "CIFAR100": Published("CIFAR100", place="cifar-100-python.tar.gz", classes=100, **BY_FLAG),
    "STL10": Published("STL10", {"split": "train"}, {"split": "test"}, STL10, classes=10),
    "STL10Unlabeled": Published("STL10", {"split": "unlabeled"}, {"split": "test"}, STL10, classes=0),
    "SVHN": Published("SVHN", {"split": "train"}, {"split": "test"}, "{train,test}_32x32.mat", classes=10),
}
CELEBA = "celeba/list_eval_partition.txt and celeba/img_align_celeba/*.jpg"


class TorchvisionSet:
    """A published set by its name in `PUBLISHED`. Raises ConfigError for another name.

    filter: how pictures are resized when `resolution` asks for it (see `gansmith.data.pixels`).
    """

    def __init__(self, dataset: str, filter: str = "lanczos") -> None:
        if dataset not in PUBLISHED:
            raise ConfigError(f"data.source.dataset={dataset} is unknown; take one of {', '.join(PUBLISHED)}")
        self.dataset = dataset
        self.published = PUBLISHED[dataset]
        self.filter = filter

    def prepare(self, root: Path) -> None:
        """Download what is missing. Raises DataError."""
        for arguments in (self.published.train, self.published.test):
            download(self.published.reader, root, place=self.published.place, **arguments)

    def load(self, split: str, resolution: int, channels: int, *, root: Path, test_fraction: float) -> MemoryImages:
        """One split as uint8 (N, channels, resolution, resolution). Raises DataError."""
        arguments = self.published.test if split == "test" else self.published.train
        try:
            read = getattr(datasets, self.published.reader)(str(root), **arguments)
        except Exception as error:  # a damaged file makes torchvision raise nearly anything
            raise _missing(self.published.reader, root, self.published.place, error) from error
        fitted = refit(_nchw(read.data), resolution, channels, self.filter, self.published.margin)
        if self.published.classes == 0:
            return MemoryImages(fitted)
        labels = read.targets if hasattr(read, "targets") else read.labels
        return MemoryImages(fitted, torch.as_tensor(labels).to(torch.int64), self.published.classes)


def download(reader: str, root: Path, place: str = CELEBA, **arguments: Any) -> None:
    """Let torchvision bring a set to `root`, one process at a time.

    Raises DataError that says where to put `place` instead.
    """
    try:
        with one_at_a_time(root / f".{reader}.lock"):
            getattr(datasets, reader)(str(root), download=True, **arguments)
    except Exception as error:  # whatever networks, archives and missing extras raise
        raise _missing(reader, root, place, error) from error


def _missing(reader: str, root: Path, place: str, error: Exception) -> DataError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return DataError(
        f"{reader} could not be downloaded to data.root={root} or read there ({reason}): "
        f"put {place} there by hand, or take data=mnist5k, which needs no download"
    )


def _nchw(pictures: np.ndarray | torch.Tensor) -> torch.Tensor:
    """uint8 (N, H, W), (N, H, W, 3) or (N, 3, H, W) as (N, C, H, W)."""
    images = torch.as_tensor(pictures)
    if images.ndim == 3:
        return images[:, None]
    return images.permute(0, 3, 1, 2).contiguous() if images.shape[-1] == 3 else images
