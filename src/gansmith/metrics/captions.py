"""How pictures from captions are measured."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
from torch import Tensor

from gansmith.data.captioned.captions import CaptionedSet, caption_of
from gansmith.errors import ConfigError
from gansmith.metrics.base import Progress
from gansmith.metrics.protocol import Protocol, Sampler
from gansmith.metrics.reference import reference_indices, subset
from gansmith.metrics.statements import statement_accuracies

if TYPE_CHECKING:
    from gansmith.data.module import ImageData


@dataclass(frozen=True)
class CaptionProtocol(Protocol):
    """Pictures drawn for the captions of real ones, against these; arguments as for `Protocol`, and

    metrics: also statements (of data=scenes: the share of what captions say that is right of the picture, by kind, on
        both splits: `right_colour`, `right_shape` ... on the training split, `held_out_colour` ... on the test split).

    Sample i is drawn for the caption of the i-th real picture of the reference, and from the first one on again where
    there are more samples.
    """

    KNOWN: ClassVar[tuple[str, ...]] = ("fd", "kd", "prc", "dc", "authenticity", "statements")
    LARGER_IS_BETTER: ClassVar[tuple[str, ...]] = (*Protocol.LARGER_IS_BETTER, "statements")
    has_captions: ClassVar[bool] = True

    @property
    def set_metrics(self) -> tuple[str, ...]:
        return tuple(metric for metric in super().set_metrics if metric != "statements")

    def result_name(self, metric: str) -> str:
        """As `Protocol.result_name`; statements are judged by the shapes of the training split."""
        return "right_shape" if metric == "statements" else super().result_name(metric)

    def check_model(self, model: Any) -> None:
        super().check_model(model)
        if self.metrics and not hasattr(model, "sample_stages"):
            raise ConfigError(f"metrics={self.name} asks for captions, and model={model.name} reads none")

    def check_data(self, model: Any, data: ImageData) -> None:  # type: ignore[override]
        super().check_data(model, data)
        if "statements" in self.metrics and not hasattr(data.split(self.split), "statements"):
            raise ConfigError(
                f"metrics={self.name} has statements, and nobody knows what the captions of data={data.name} state: "
                "take it out of metrics.metrics, or data=scenes"
            )

    def sampler(self, model: Any, data: ImageData) -> Sampler:
        pictures = cast(CaptionedSet, data.split(self.split))
        places = reference_indices(pictures, self)

        def sample(indices: Tensor) -> Tensor:
            prompts = captions_at(pictures, places[indices % len(places)], self.seed)
            return model.sample_images(indices, self.seed, prompt=prompts)

        return sample

    def _measure_model(
        self,
        model: Any,
        data: ImageData,
        device: torch.device,
        cache_dir: str | os.PathLike[str],
        progress: Progress | None,
    ) -> dict[str, float]:
        if "statements" not in self.metrics:
            return {}
        result: dict[str, float] = {}
        for prefix, split in (("right", "train"), ("held_out", "test")):
            scenes: Any = data.split(split)
            places = subset(len(scenes), self.samples, self.seed)
            captions = captions_at(scenes, places, self.seed)

            def sample(indices: Tensor, captions: Sequence[str] = captions) -> Tensor:
                return model.sample_images(indices, self.seed, prompt=[captions[index] for index in indices.tolist()])

            said = [scenes.statements(index, caption) for index, caption in zip(places.tolist(), captions)]
            accuracies = statement_accuracies(sample, said, device, self.batch_size, self.counting(progress))
            result |= {f"{prefix}_{kind}": share for kind, share in accuracies.items()}
        return result


def captions_at(pictures: CaptionedSet, places: Tensor, seed: int) -> list[str]:
    """The caption of each of the pictures at `places` (n,)."""
    return [caption_of(pictures, index, seed) for index in places.tolist()]
