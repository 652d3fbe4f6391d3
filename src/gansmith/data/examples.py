"""Held-out pictures one by one, of whatever size: what pairs are judged on."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from gansmith.data.imageset import ImageSet


class Examples(Protocol):
    """A finite, ordered set of whole pictures, each a dictionary of the data's fields.

    fingerprint: changes when any picture, their order or their transform changes.
    paired: whether the fields of an example belong together.
    """

    paired: bool

    @property
    def fingerprint(self) -> str: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """Fields of one example, uint8 (C, H, W) each; sizes may differ between examples."""
        ...


class ImageExamples:
    """The pictures of an image set as examples of the field `image`."""

    paired = True

    def __init__(self, images: ImageSet) -> None:
        self.images = images

    @property
    def fingerprint(self) -> str:
        return self.images.fingerprint

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"image": self.images.batch(torch.tensor([index]))[0]}
