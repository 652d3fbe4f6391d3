"""Stacked MNIST: a digit in each of three channels, and so a thousand modes that can be counted.

Metz et al., "Unrolled generative adversarial networks" (2017, arXiv:1611.02163).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from gansmith.data.imageset import MemoryImages, digest
from gansmith.data.packaged import MNIST5k
from gansmith.errors import ConfigError
from gansmith.noise import mix_seed

SIZES = {"train": 1_000_000, "test": 10_000}
"""Draws from 5,000³ pictures: more than a run on a CPU sees."""


class StackedDigits:
    """Random threes of digits; which ones is a function of the split alone, and they are stacked when asked for.

    labels: int64 (N,), the number that the digits of the channels make: 100 a + 10 b + c.
    digits: what the channels are drawn from.
    """

    in_memory = True
    classes = 1000

    def __init__(self, digits: MemoryImages, split: str) -> None:
        assert digits.labels is not None
        self.digits = digits
        generator = torch.Generator().manual_seed(mix_seed("stacked", split))
        self.places = torch.randint(len(digits), (SIZES[split], 3), generator=generator)
        hundreds, tens, units = digits.labels[self.places].unbind(1)
        self.labels: Tensor | None = 100 * hundreds + 10 * tens + units

    @property
    def fingerprint(self) -> str:
        return digest([self.digits.fingerprint.encode(), self.places.numpy().data])

    def __len__(self) -> int:
        return len(self.places)

    def batch(self, indices: Tensor) -> Tensor:
        """uint8 (n, 3, H, W)."""
        return self.digits.images[self.places[indices], 0]


class StackedMNIST5k:
    """Digits of `mnist5k`, three a picture; those of the test split are held out.

    filter: how digits are resized when `resolution` asks for it.
    """

    def __init__(self, filter: str = "lanczos") -> None:
        self.source = MNIST5k(filter)

    def prepare(self, root: Path) -> None:
        """Nothing to bring."""

    def load(self, split: str, resolution: int, channels: int, *, root: Path, test_fraction: float) -> StackedDigits:
        """One split of (3, resolution, resolution). Raises ConfigError for other channels, DataError."""
        if channels != 3:
            raise ConfigError(f"data.channels={channels} must be 3: each of them is a digit")
        digits = self.source.load(split, resolution, 1, root=root, test_fraction=test_fraction)
        return StackedDigits(digits, split)
