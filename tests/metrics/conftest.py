import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parent))


class PictureSet:
    """The smallest set of real pictures."""

    def __init__(self, images: Tensor, fingerprint: str = "pictures", labels: Tensor | None = None) -> None:
        self.images, self.labels, self.fingerprint = images, labels, fingerprint
        self.classes = 0 if labels is None else int(labels.max()) + 1
        self.read = 0

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, indices: Tensor) -> Tensor:
        self.read += len(indices)
        return self.images[indices]


@pytest.fixture(scope="session")
def digits() -> Tensor:
    """scikit-learn's real digits in random order, uint8 (1797, 1, 8, 8)."""
    from sklearn.datasets import load_digits

    images = torch.from_numpy(load_digits().images * 255 / 16).to(torch.uint8)[:, None]
    return images[torch.randperm(len(images), generator=torch.Generator().manual_seed(0))]


@pytest.fixture(scope="session")
def picture_set() -> type[PictureSet]:
    return PictureSet
