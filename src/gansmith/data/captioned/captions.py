"""What a captioned set is: pictures, each with at least one text that says what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from torch import Tensor

from gansmith.data.few import FewImages
from gansmith.data.imageset import ImageSet, digest
from gansmith.noise import mix_seed


class CaptionedSet(ImageSet, Protocol):
    """Pictures with captions, and without labels.

    captions_fingerprint: changes when any caption or their order changes; the pictures have a fingerprint of their own.
    """

    @property
    def captions_fingerprint(self) -> str: ...

    def captions(self, index: int) -> tuple[str, ...]:
        """All captions of a picture, at least one."""
        ...


class CaptionedSource(Protocol):
    """Where captioned pictures come from: what a file in `conf/data/` names under `source`."""

    def prepare(self, root: Path) -> None:
        """Bring the files under `root`; called by one process a machine, and may find them there already."""
        ...

    def load(self, split: str, resolution: int, channels: int, *, root: Path, test_fraction: float) -> CaptionedSet:
        """The pictures of `split` ("train" or "test") as (channels, resolution, resolution), with their captions."""
        ...


class CaptionedImages:
    """Pictures of another set, with captions that are given.

    texts: the captions of each picture, at least one.
    """

    labels: Tensor | None = None
    classes = 0

    def __init__(self, images: ImageSet, texts: Sequence[tuple[str, ...]]) -> None:
        self.images = images
        self.texts = texts
        self.in_memory = images.in_memory

    @property
    def fingerprint(self) -> str:
        return self.images.fingerprint

    @property
    def captions_fingerprint(self) -> str:
        return digest(repr(texts).encode() for texts in self.texts)

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, indices: Tensor) -> Tensor:
        return self.images.batch(indices)

    def captions(self, index: int) -> tuple[str, ...]:
        return self.texts[index]


class FewCaptioned(FewImages):
    """`limit` captioned pictures of a set, evenly spaced in its order."""

    def __init__(self, images: CaptionedSet, limit: int) -> None:
        super().__init__(images, limit)
        self.captioned = images

    @property
    def captions_fingerprint(self) -> str:
        return digest([self.captioned.captions_fingerprint.encode(), self.chosen.numpy().data])

    def captions(self, index: int) -> tuple[str, ...]:
        return self.captioned.captions(int(self.chosen[index]))


def caption_of(dataset: CaptionedSet, index: int, seed: int) -> str:
    """The one caption that an evaluation with this seed uses for a picture."""
    return one_of(dataset.captions(index), seed, index)


def one_of(captions: Sequence[str], seed: int, place: int) -> str:
    """The caption whose turn it is at a place: a function of (seed, place) alone."""
    return captions[mix_seed(seed, place, "caption") % len(captions)]
