"""What every protocol says: which numbers, from how many pictures, through which features."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import torch

from gansmith.errors import ConfigError
from gansmith.metrics.weights import (
    EFFICIENTNET,
    INCEPTION,
    PUBLISHED_FILES,
    published_digest,
    weights_digest,
)

if TYPE_CHECKING:
    from gansmith.data.base import DataModule

SPLITS = ("train", "validation", "test")

Progress = Callable[[int, int], None]
Self = TypeVar("Self", bound="BaseProtocol")


@dataclass(frozen=True)
class BaseProtocol:
    """Everything that changes a number, as `conf/metrics/*.yaml` gives it.

    Args:
        name: of the file in conf/metrics.
        metrics: of the kind's `KNOWN`; empty: no evaluation.
        extractor: whose features fd and kd compare: efficientnet_lite0, or one of torch-fidelity's, such as
            inception-v3-compat.
        primary: the metric that picks the best checkpoint; null takes the first of `metrics`.
        samples: number of pictures that the model makes.
        during_samples: the same for the evaluations in the course of training, which must be cheap.
        split: of the data that the real pictures come from.
        resize: side in pixels of efficientnet_lite0's input; null for the other extractors.
        seed: of everything drawn at random.
        kd_subsets, kd_subset_size: the kernel distance is a mean over random subsets of this size.
        batch_size: pictures at a time on one process; changes no number.
        weights: file with the extractor's weights; null takes the published ones.

    Raises ConfigError with the key's name if a value does not work.
    """

    KNOWN: ClassVar[tuple[str, ...]] = ()
    LARGER_IS_BETTER: ClassVar[tuple[str, ...]] = ()
    # How many pictures go through a network at once, which metrics are asked for, and where the weights lie
    # change no number.
    NEUTRAL: ClassVar[tuple[str, ...]] = ("name", "metrics", "primary", "during_samples", "batch_size")

    name: str
    metrics: Sequence[str] = ()
    extractor: str = EFFICIENTNET
    primary: str | None = None
    samples: int | None = None
    during_samples: int | None = None
    split: str = "test"
    resize: int | None = 64
    seed: int = 0
    kd_subsets: int = 100
    kd_subset_size: int = 500
    batch_size: int = 32
    weights: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", tuple(self.metrics))
        self._check_choices()
        self._check_numbers()

    def _check_choices(self) -> None:
        for metric in self.metrics:
            require(metric in self.KNOWN, "metrics", metric, f"one of {', '.join(self.KNOWN)}")
        primaries = (None, *self.metrics)
        require(self.primary in primaries, "primary", self.primary, "one of metrics.metrics, or null")
        require(self.split in SPLITS, "split", self.split, f"one of {', '.join(SPLITS)}")
        if self.extractor == EFFICIENTNET:
            require(is_whole(self.resize, 32), "resize", self.resize, "a side of at least 32 pixels")
        else:
            require(self.resize is None, "resize", self.resize, f"null: {self.extractor} resizes by itself")
        weights_fit = self.weights is None or self.extractor in PUBLISHED_FILES
        require(weights_fit, "weights", self.weights, f"null, or extractor one of {', '.join(PUBLISHED_FILES)}")

    def _check_numbers(self) -> None:
        for key, least in (("kd_subset_size", 2), ("kd_subsets", 1), ("batch_size", 1), ("seed", 0)):
            value = getattr(self, key)
            require(is_whole(value, least), key, value, f"a whole number of at least {least}")

    def check_model(self, model: Any) -> None:
        """Raises ConfigError if the model does not make what is measured."""
        raise NotImplementedError

    def check_data(self, model: Any, data: DataModule) -> None:
        """Raises ConfigError or DataError if the data, once they are set up, can't be measured."""

    def prepare(self, device: str | torch.device) -> None:
        """Get the networks' weights now, so that missing ones stop a run before its training and not after.

        Collective; does nothing without metrics that need any. Raises ConfigError or WeightsError.
        """
        raise NotImplementedError

    def measure(
        self,
        model: Any,
        data: DataModule,
        *,
        device: str | torch.device,
        cache_dir: str | os.PathLike[str],
        samples: int | None = None,
        progress: Progress | None = None,
    ) -> dict[str, float]:
        """The numbers of a model on its data, by name.

        Collective: with torch.distributed every rank must call it, and every rank gets the same result. The
        global random state is left as it was.

        Args:
            device: of the feature networks, and of the model.
            cache_dir: folder for features of real pictures.
            samples: number of pictures, if not the protocol's.
            progress: called with (pictures done, pictures in all).
        """
        raise NotImplementedError

    def measure_inputs(self, data: DataModule, *, device: str | torch.device) -> dict[str, float]:
        """What the inputs themselves score where a model restores them, with `input_` before each name."""
        return {}

    def with_samples(self: Self, samples: int | None) -> Self:
        """The same protocol with another number of pictures, and so with another hash."""
        return replace(self, samples=samples)

    @property
    def during(self: Self) -> Self:
        """The protocol of the evaluations in the course of training."""
        return self.with_samples(self.during_samples)

    @cached_property
    def weights_digest(self) -> str:
        """What identifies the extractor's weights."""
        return weights_digest(self.extractor, self.weights)

    @cached_property
    def hash(self) -> str:
        """12 hex digits of everything that changes a number: equal hashes are comparable numbers."""
        content = {key: value for key, value in asdict(self).items() if key not in self.NEUTRAL}
        content |= {"weights": self.weights_digest, **self.definition}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def definition(self) -> dict[str, Any]:
        """What the hash covers beside the fields: choices that are not the config's."""
        return {}

    def result_name(self, metric: str) -> str:
        """The name of a metric's result; FID and KID are Inception-v3 with its original weights only."""
        plain = self._original_inception
        names = {
            "fd": "fid" if plain else f"fd_{self.extractor}",
            "kd": "kid_mean" if plain else f"kd_{self.extractor}_mean",
            "isc": "isc_mean" if plain else f"isc_{self.extractor}_mean",
        }
        return names.get(metric, metric)

    @property
    def primary_metric(self) -> str | None:
        """The result that picks the best checkpoint, as `fd_efficientnet_lite0`; None without metrics."""
        return self.result_name(self._primary) if self._primary else None

    @property
    def direction(self) -> Literal["min", "max"]:
        """Whether the primary metric is better when it is smaller or larger."""
        return "max" if self._primary in self.LARGER_IS_BETTER else "min"

    @property
    def _primary(self) -> str | None:
        return self.primary or next(iter(self.metrics), None)

    @property
    def _original_inception(self) -> bool:
        return self.extractor == INCEPTION and self.weights_digest == published_digest(INCEPTION)


def is_whole(value: object, least: int) -> bool:
    """Whether the value is an int of at least `least`."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def require(holds: bool, key: str, value: object, wanted: str) -> None:
    """Raises ConfigError with the key's name unless the value `holds`."""
    if not holds:
        raise ConfigError(f"metrics.{key}={value} does not work: it must be {wanted}")
