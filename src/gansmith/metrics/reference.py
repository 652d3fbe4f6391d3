"""The real side of a distance: which pictures, and their features."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Protocol as Interface

import torch
from torch import Tensor

from gansmith.errors import DataError
from gansmith.metrics import cache
from gansmith.metrics.collective import from_rank_zero
from gansmith.metrics.distances import gaussian_statistics
from gansmith.metrics.extractors import Extractor
from gansmith.metrics.features import extract

if TYPE_CHECKING:
    from gansmith.metrics.protocol import Protocol


class ImageSet(Interface):
    """Real pictures, with `labels` int64 (N,) in [0, classes) or None: the data package's sets have this form."""

    classes: int
    labels: Tensor | None

    @property
    def fingerprint(self) -> str:
        """Changes with the content, the split and the transform."""

    def __len__(self) -> int: ...

    def batch(self, indices: Tensor) -> Tensor:
        """int64 (n,) -> uint8 (n, C, H, W)."""


def reference_indices(reference: ImageSet, protocol: Protocol) -> Tensor:
    """Which pictures are the reference, int64: all, or a subset that the protocol's seed fixes.

    Raises DataError for fewer than two pictures, which have no covariance.
    """
    available = len(reference)
    if available < 2:
        raise DataError(f"data: the {protocol.split} split has {available} pictures; metrics need at least 2")
    return subset(available, protocol.reference_samples, protocol.seed)


def subset(available: int, wanted: int | None, seed: int) -> Tensor:
    """`wanted` of the numbers 0..available-1 in ascending order, int64: all for None, else what `seed` draws."""
    if wanted is None or wanted >= available:
        return torch.arange(available)
    chosen = torch.randperm(available, generator=torch.Generator().manual_seed(seed))[:wanted]
    return chosen.sort().values


def reference_tensors(features: Tensor) -> dict[str, Tensor]:
    """What distances need of the real pictures' features (n, d): these, their `mean` and `covariance`."""
    mean, covariance = gaussian_statistics(features)
    return {"features": features, "mean": mean, "covariance": covariance}


class RealFeatures:
    """Features of the reference, from the cache where it has them.

    Rank 0 alone reads and writes the cache, and alone has the result: it computes the distances.
    """

    def __init__(
        self,
        reference: ImageSet,
        protocol: Protocol,
        extractor: Extractor,
        folder: str | os.PathLike[str],
    ) -> None:
        self.reference, self.protocol, self.extractor, self.folder = reference, protocol, extractor, folder
        self.indices = reference_indices(reference, protocol)
        self.path = cache.cache_path(
            folder,
            reference=reference.fingerprint,
            extractor=protocol.extractor,
            weights=protocol.weights_digest,
            resize=protocol.resize,
            trained_on=extractor.trained_on,
            device=extractor.device.type,
            pictures=hashlib.sha256(self.indices.numpy().tobytes()).hexdigest(),
        )
        self.tensors: dict[str, Tensor] | None = None
        self.cached: bool = from_rank_zero(self._load, extractor.device)

    @property
    def labels(self) -> Tensor | None:
        """The classes of the pictures, int64 (n,); None where they have none."""
        return None if self.reference.labels is None else self.reference.labels[self.indices]

    def compute(self, tick: Callable[[int], None] = lambda done: None) -> None:
        """Fill what the cache did not have; every rank must call it."""
        features, _ = extract(
            lambda batch: self.reference.batch(self.indices[batch]),
            len(self.indices),
            self.extractor,
            self.protocol.batch_size,
            tick,
        )
        from_rank_zero(lambda: self._keep(features), self.extractor.device)

    def _load(self) -> bool:
        self.tensors = cache.load(self.path)
        return self.tensors is not None

    def _keep(self, features: Tensor) -> None:
        self.extractor.check(features)
        self.tensors = reference_tensors(features)
        cache.store(self.path, self.tensors)


def all_features(
    images: ImageSet, protocol: Protocol, extractor: Extractor, folder: str | os.PathLike[str]
) -> RealFeatures:
    """Features of every one of the images, however few the protocol compares with."""
    return RealFeatures(images, replace(protocol, reference_samples=None), extractor, folder)
