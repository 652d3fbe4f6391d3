"""How a dual encoder is measured: by the captions that it finds for real pictures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
from torch import Tensor

from gansmith.data.captioned.captions import CaptionedSet
from gansmith.errors import ConfigError
from gansmith.metrics.base import BaseProtocol, Progress, is_whole, require
from gansmith.metrics.captions import captions_at
from gansmith.metrics.judge import POOL, check_pool, retrieval
from gansmith.metrics.random_state import random_state_kept
from gansmith.metrics.reference import subset

if TYPE_CHECKING:
    from gansmith.data.base import DataModule


@dataclass(frozen=True)
class RetrievalProtocol(BaseProtocol):
    """Real pictures and their captions, in pools of 100; arguments as for `BaseProtocol`, and

    metrics: retrieval: R@1 and R@5, `retrieval_1` and `retrieval_5`.
    samples, during_samples: number of pictures, at least 100.
    """

    KNOWN: ClassVar[tuple[str, ...]] = ("retrieval",)
    LARGER_IS_BETTER: ClassVar[tuple[str, ...]] = ("retrieval",)

    metrics: Sequence[str] = ("retrieval",)
    samples: int = 1000
    during_samples: int = 1000

    def _check_numbers(self) -> None:
        super()._check_numbers()
        for key in ("samples", "during_samples"):
            fits = is_whole(getattr(self, key), POOL)
            require(fits, key, getattr(self, key), f"a whole number of at least {POOL}")

    def result_name(self, metric: str) -> str:
        return "retrieval_1"

    def check_model(self, model: Any) -> None:
        if self.metrics and not (hasattr(model, "embed") and hasattr(model, "read")):
            raise ConfigError(f"metrics={self.name} is for model=dual_encoder; model={model.name} draws pictures")

    def check_data(self, model: Any, data: DataModule) -> None:
        if self.metrics:
            check_pool(self.name, len(data.split(self.split)))  # type: ignore[attr-defined]

    def prepare(self, device: str | torch.device) -> None:
        """Nothing: the model itself is all it takes."""

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
        pictures = cast(CaptionedSet, data.split(self.split))  # type: ignore[attr-defined]
        places = subset(len(pictures), samples or self.samples, self.seed)

        def sample(indices: Tensor) -> Tensor:
            return pictures.batch(places[indices])

        def tick(done: int) -> None:
            if progress:
                progress(done, len(places))

        device, captions = torch.device(device), captions_at(pictures, places, self.seed)
        with random_state_kept(device):
            found = retrieval(model, sample, captions, device, self.batch_size, tick)
        return {f"retrieval_{k}": share for k, share in found.items()}
