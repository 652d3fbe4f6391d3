"""A part of a set, for training with few pictures."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.data.imageset import ImageSet, digest


class FewImages:
    """`limit` pictures of a set, evenly spaced in its order, so that a set sorted by class keeps its classes.

    The choice depends on the two numbers alone, and on no seed.
    """

    def __init__(self, images: ImageSet, limit: int) -> None:
        self.images = images
        self.chosen = torch.arange(limit) * len(images) // limit
        self.labels: Tensor | None = None if images.labels is None else images.labels[self.chosen]
        self.classes = images.classes
        self.in_memory = images.in_memory

    @property
    def fingerprint(self) -> str:
        return digest([self.images.fingerprint.encode(), self.chosen.numpy().data])

    def __len__(self) -> int:
        return len(self.chosen)

    def batch(self, indices: Tensor) -> Tensor:
        return self.images.batch(self.chosen[indices])
