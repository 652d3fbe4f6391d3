"""How pictures from captions are measured."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
from torch import Tensor

from gansmith.data.captioned.captions import CaptionedSet, caption_of
from gansmith.errors import ConfigError
from gansmith.metrics.base import Progress, is_whole, require
from gansmith.metrics.enlarging import enlarging_psnr
from gansmith.metrics.judge import POOL, check_fits, check_pool, load_judge, retrieval
from gansmith.metrics.protocol import Protocol, Sampler
from gansmith.metrics.reference import reference_indices, subset
from gansmith.metrics.statements import statement_accuracies
from gansmith.networks.fingerprint import fingerprint

if TYPE_CHECKING:
    from gansmith.data.module import ImageData


STATED = {"train": "right", "test": "held_out"}
RETRIEVED = {"train": "", "test": "held_out_"}
"""How names of results begin, by split."""


@dataclass(frozen=True)
class CaptionProtocol(Protocol):
    """Pictures drawn for the captions of real ones, against these; arguments as for `Protocol`, and

    metrics: also statements (of data=scenes: the share of what captions say that is right of the picture, by kind, on
        both splits: `right_colour`, `right_shape` ... on the training split, `held_out_colour` ... on the test split)
        and retrieval (the share of pictures whose caption a dual encoder finds among 100, first or within five:
        `retrieval_1`, `retrieval_5` on the training split, with `held_out_` before on the test split, and with `real_`
        before that what real pictures reach).
        Of cascades, enlarging: the PSNR of real test pictures that were made small and enlarged again, by the last
        stage (`enlarging_psnr`) and by bicubic interpolation (`input_enlarging_psnr`).
    judge: a run of model=dual_encoder, for retrieval; never one that conditioned the model.

    Sample i is drawn for the caption of the i-th real picture of the reference, and from the first one on again where
    there are more samples.
    """

    KNOWN: ClassVar[tuple[str, ...]] = ("fd", "kd", "prc", "dc", "authenticity", "statements", "retrieval", "enlarging")
    LARGER_IS_BETTER: ClassVar[tuple[str, ...]] = (*Protocol.LARGER_IS_BETTER, "statements", "retrieval", "enlarging")
    has_captions: ClassVar[bool] = True
    OF_CAPTIONS: ClassVar[tuple[str, ...]] = ("statements", "retrieval", "enlarging")

    # What it is counts, not where it lies.
    NEUTRAL: ClassVar[tuple[str, ...]] = (*Protocol.NEUTRAL, "judge")

    judge: str | None = None

    def _check_choices(self) -> None:
        super()._check_choices()
        if "retrieval" in self.metrics:
            require(self.judge is not None, "judge", None, "a run of model=dual_encoder, where metrics has retrieval")

    def _check_numbers(self) -> None:
        super()._check_numbers()
        for key in ("samples", "during_samples") if "retrieval" in self.metrics else ():
            fits = is_whole(getattr(self, key), POOL)
            require(fits, key, getattr(self, key), f"a whole number of at least {POOL}, where metrics has retrieval")

    @property
    def set_metrics(self) -> tuple[str, ...]:
        return tuple(metric for metric in super().set_metrics if metric not in self.OF_CAPTIONS)

    @property
    def definition(self) -> dict[str, Any]:
        return super().definition | ({"judge": self._judge_digest} if self.judge else {})

    @cached_property
    def _judge_digest(self) -> str:
        """Of the judge's weights, wherever they lie; empty without one."""
        return load_judge(self.judge, "cpu").fingerprint if self.judge else ""

    def result_name(self, metric: str) -> str:
        """As `Protocol.result_name`; statements are judged by the shapes of the training split."""
        names = {"statements": "right_shape", "retrieval": "retrieval_1", "enlarging": "enlarging_psnr"}
        return names.get(metric) or super().result_name(metric)

    def check_model(self, model: Any) -> None:
        super().check_model(model)
        if self.metrics and not hasattr(model, "sample_stages"):
            raise ConfigError(f"metrics={self.name} asks for captions, and model={model.name} reads none")
        if "enlarging" in self.metrics and len(getattr(model, "resolutions", ())) < 2:
            raise ConfigError(
                f"metrics={self.name} has enlarging, and model={model.name} has one stage: "
                "take it out of metrics.metrics"
            )
        if "retrieval" in self.metrics:
            check_impartial(load_judge(self.judge, "cpu"), model, run_of(self.judge))  # type: ignore[arg-type]

    def check_data(self, model: Any, data: ImageData) -> None:  # type: ignore[override]
        super().check_data(model, data)
        if "statements" in self.metrics and not hasattr(data.split(self.split), "statements"):
            raise ConfigError(
                f"metrics={self.name} has statements, and nobody knows what the captions of data={data.name} state: "
                "take it out of metrics.metrics, or data=scenes"
            )
        if self.judge and "retrieval" in self.metrics:
            check_fits(load_judge(self.judge, "cpu"), "metrics.judge", data.channels, data.resolution)
            check_pool(self.name, min(len(data.split(split)) for split in RETRIEVED))

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
        result = super()._measure_model(model, data, device, cache_dir, progress)
        tick = self.counting(progress)
        for split in ("train", "test") if {"statements", "retrieval"} & set(self.metrics) else ():
            result |= self._of_split(model, data.split(split), split, device, tick)
        if "enlarging" in self.metrics:
            pictures: Any = data.split("test")
            places = subset(len(pictures), self.samples, self.seed)
            captions = captions_at(pictures, places, self.seed)
            result["enlarging_psnr"], result["input_enlarging_psnr"] = enlarging_psnr(
                model, pictures, places, captions, self.seed, device, self.batch_size, tick
            )
        return result

    def _of_split(
        self, model: Any, pictures: Any, split: str, device: torch.device, tick: Callable[[int], None]
    ) -> dict[str, float]:
        """Statements and retrieval of the captions of one split."""
        places = subset(len(pictures), self.samples, self.seed)
        captions = captions_at(pictures, places, self.seed)
        result: dict[str, float] = {}

        def sample(indices: Tensor) -> Tensor:
            return model.sample_images(indices, self.seed, prompt=[captions[index] for index in indices.tolist()])

        if "statements" in self.metrics:
            said = [pictures.statements(index, caption) for index, caption in zip(places.tolist(), captions)]
            accuracies = statement_accuracies(sample, said, device, self.batch_size, tick)
            result |= {f"{STATED[split]}_{kind}": share for kind, share in accuracies.items()}
        if self.judge and "retrieval" in self.metrics:
            judge, real = load_judge(self.judge, device), partial(_pictures_at, pictures, places)
            for prefix, source in (("", sample), ("real_", real)):
                found = retrieval(judge, source, captions, device, self.batch_size, tick)
                result |= {f"{prefix}{RETRIEVED[split]}retrieval_{k}": share for k, share in found.items()}
        return result


def _pictures_at(pictures: CaptionedSet, places: Tensor, indices: Tensor) -> Tensor:
    return pictures.batch(places[indices])


def check_impartial(judge: Any, model: Any, run: Path | None = None) -> None:
    """Raises ConfigError for a judge that conditions the model, or that it has learnt to please.

    That is one with the same weights, or another checkpoint of the same `run`.
    """
    similarity = getattr(model, "similarity", None)
    encoders = [getattr(model.sampler, "encoder", None), similarity.judge.encoder if similarity else None]
    taken = [getattr(model, "encoder_from", None), similarity.ckpt if similarity else None]
    frozen = getattr(getattr(model.sampler, "text", None), "frozen", None)
    taken.append(getattr(frozen, "ckpt", None))
    has_its_weights = any(encoder is not None and fingerprint(encoder) == judge.fingerprint for encoder in encoders)
    if has_its_weights or (run is not None and run in [run_of(ckpt) for ckpt in taken if ckpt]):
        raise ConfigError("metrics.judge is the dual encoder of the model itself: train another, with another seed")


def run_of(ckpt: str) -> Path:
    """The folder of the run that a checkpoint, or the folder itself, belongs to."""
    path = Path(ckpt).resolve()
    return path.parent.parent if path.is_file() else path


def captions_at(pictures: CaptionedSet, places: Tensor, seed: int) -> list[str]:
    """The caption of each of the pictures at `places` (n,)."""
    return [caption_of(pictures, index, seed) for index in places.tolist()]
