"""How pictures from latents are measured: a Fréchet distance without its protocol is noise."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from gansmith.errors import ConfigError
from gansmith.metrics.base import BaseProtocol, Progress, is_whole, require
from gansmith.metrics.evaluate import evaluate, prepare
from gansmith.metrics.weights import INCEPTION

if TYPE_CHECKING:
    from gansmith.data.module import ImageData


@dataclass(frozen=True)
class Protocol(BaseProtocol):
    """Generated pictures as a set against real ones; arguments as for `BaseProtocol`, and

    metrics: of fd (Fréchet distance), kd (kernel distance), isc (Inception score).
    reference_samples: number of real pictures; null takes the whole split, as does a split with fewer.
    seed: of the generated pictures and of the choice of real ones.
    """

    KNOWN: ClassVar[tuple[str, ...]] = ("fd", "kd", "isc")
    LARGER_IS_BETTER: ClassVar[tuple[str, ...]] = ("isc",)

    metrics: Sequence[str] = ("fd", "kd")
    samples: int = 2500
    during_samples: int = 1000
    reference_samples: int | None = 2500
    split: str = "train"

    def _check_choices(self) -> None:
        super()._check_choices()
        inception_for_score = "isc" not in self.metrics or self.extractor == INCEPTION
        require(inception_for_score, "extractor", self.extractor, f"{INCEPTION} where metrics.metrics has isc")

    def _check_numbers(self) -> None:
        for key in ("samples", "during_samples"):
            require(is_whole(getattr(self, key), 2), key, getattr(self, key), "a whole number of at least 2")
        all_or_some = self.reference_samples is None or is_whole(self.reference_samples, 2)
        require(all_or_some, "reference_samples", self.reference_samples, "null or a whole number of at least 2")
        super()._check_numbers()

    def check_model(self, model: Any) -> None:
        """Raises ConfigError for a model that translates pictures."""
        if self.metrics and hasattr(model, "translate"):
            raise ConfigError(
                f"metrics={self.name} samples from latents, model={model.name} translates pictures: take metrics=paired"
            )

    def check_data(self, model: Any, data: ImageData) -> None:  # type: ignore[override]
        """Raises ConfigError or DataError if the data have no set of pictures to compare with."""
        if self.metrics:
            data.split(self.split)

    def prepare(self, device: str | torch.device) -> None:
        prepare(self, device)

    def measure(
        self,
        model: Any,
        data: ImageData,  # type: ignore[override]
        *,
        device: str | torch.device,
        cache_dir: str | os.PathLike[str],
        samples: int | None = None,
        progress: Progress | None = None,
    ) -> dict[str, float]:
        """`evaluate` on `model.sample_images` against the pictures of `data.split(self.split)`."""
        return evaluate(
            lambda indices: model.sample_images(indices, self.seed),
            data.split(self.split),
            self,
            device=device,
            samples=samples,
            cache_dir=cache_dir,
            progress=progress,
        )
