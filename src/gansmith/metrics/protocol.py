"""How a number is measured: a Fréchet distance without its protocol is noise."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Literal

from gansmith.errors import ConfigError
from gansmith.metrics.weights import (
    EFFICIENTNET,
    INCEPTION,
    PUBLISHED_FILES,
    published_digest,
    weights_digest,
)

METRICS = ("fd", "kd", "isc")
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Protocol:
    """Everything that changes a number, as `conf/metrics/*.yaml` gives it.

    Args:
        name: of the file in conf/metrics.
        metrics: of fd (Fréchet distance), kd (kernel distance), isc (Inception score); empty: no evaluation.
        extractor: efficientnet_lite0, or one of torch-fidelity's, such as inception-v3-compat.
        primary: the metric that picks the best checkpoint; null takes the first of `metrics`.
        samples: number of generated pictures.
        during_samples: the same for the evaluations in the course of training, which must be cheap.
        reference_samples: number of real pictures; null takes the whole split, as does a split with fewer.
        split: of the data that the real pictures come from.
        resize: side in pixels of efficientnet_lite0's input; null for the other extractors.
        seed: of the generated pictures and of the choice of real ones.
        kd_subsets, kd_subset_size: the kernel distance is a mean over random subsets of this size.
        batch_size: pictures at a time on one process; changes no number.
        weights: file with the extractor's weights; null takes the published ones.

    Raises ConfigError with the key's name if a value does not work.
    """

    name: str
    metrics: Sequence[str] = ("fd", "kd")
    extractor: str = EFFICIENTNET
    primary: str | None = None
    samples: int = 2500
    during_samples: int = 1000
    reference_samples: int | None = 2500
    split: str = "train"
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
            _require(metric in METRICS, "metrics", metric, f"one of {', '.join(METRICS)}")
        primaries = (None, *self.metrics)
        _require(self.primary in primaries, "primary", self.primary, "one of metrics.metrics, or null")
        _require(self.split in SPLITS, "split", self.split, f"one of {', '.join(SPLITS)}")
        inception_for_score = "isc" not in self.metrics or self.extractor == INCEPTION
        _require(inception_for_score, "extractor", self.extractor, f"{INCEPTION} where metrics.metrics has isc")
        if self.extractor == EFFICIENTNET:
            _require(_whole(self.resize, 32), "resize", self.resize, "a side of at least 32 pixels")
        else:
            _require(self.resize is None, "resize", self.resize, f"null: {self.extractor} resizes by itself")
        weights_fit = self.weights is None or self.extractor in PUBLISHED_FILES
        _require(weights_fit, "weights", self.weights, f"null, or extractor one of {', '.join(PUBLISHED_FILES)}")

    def _check_numbers(self) -> None:
        for key in ("samples", "during_samples", "kd_subset_size"):
            _require(_whole(getattr(self, key), 2), key, getattr(self, key), "a whole number of at least 2")
        all_or_some = self.reference_samples is None or _whole(self.reference_samples, 2)
        _require(all_or_some, "reference_samples", self.reference_samples, "null or a whole number of at least 2")
        for key in ("kd_subsets", "batch_size"):
            _require(_whole(getattr(self, key), 1), key, getattr(self, key), "a whole number of at least 1")
        _require(_whole(self.seed, 0), "seed", self.seed, "a whole number of at least 0")

    def with_samples(self, samples: int) -> "Protocol":
        """The same protocol with another number of generated pictures, and so with another hash."""
        return replace(self, samples=samples)

    @property
    def during(self) -> "Protocol":
        """The protocol of the evaluations in the course of training."""
        return self.with_samples(self.during_samples)

    @cached_property
    def weights_digest(self) -> str:
        """What identifies the extractor's weights."""
        return weights_digest(self.extractor, self.weights)

    @cached_property
    def hash(self) -> str:
        """12 hex digits of everything that changes a number: equal hashes are comparable numbers.

        How many pictures go through the extractor at once, which metrics are asked for, and where the
        weights lie change no number.
        """
        neutral = ("name", "metrics", "primary", "during_samples", "batch_size")
        content = {key: value for key, value in asdict(self).items() if key not in neutral}
        content["weights"] = self.weights_digest
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    def result_name(self, metric: str) -> str:
        """The name of a metric's result; FID and KID are Inception-v3 with its original weights only."""
        if metric == "isc":
            return "isc_mean" if self._original_inception else f"isc_{self.extractor}_mean"
        if self._original_inception:
            return {"fd": "fid", "kd": "kid_mean"}[metric]
        return {"fd": f"fd_{self.extractor}", "kd": f"kd_{self.extractor}_mean"}[metric]

    @property
    def _primary(self) -> str | None:
        return self.primary or next(iter(self.metrics), None)

    @property
    def primary_metric(self) -> str | None:
        """The result that picks the best checkpoint, as `fd_efficientnet_lite0`; None without metrics."""
        return self.result_name(self._primary) if self._primary else None

    @property
    def direction(self) -> Literal["min", "max"]:
        """Whether the primary metric is better when it is smaller or larger."""
        return "max" if self._primary == "isc" else "min"

    @property
    def _original_inception(self) -> bool:
        return self.extractor == INCEPTION and self.weights_digest == published_digest(INCEPTION)


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _require(holds: bool, key: str, value: object, wanted: str) -> None:
    if not holds:
        raise ConfigError(f"metrics.{key}={value} does not work: it must be {wanted}")
