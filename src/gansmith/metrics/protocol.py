"""How pictures from latents are measured: a Fréchet distance without its protocol is noise."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from gansmith.errors import ConfigError
from gansmith.metrics import path_length, perceptual
from gansmith.metrics.agreement import label_agreement
from gansmith.metrics.base import BaseProtocol, Progress, is_whole, require
from gansmith.metrics.classification import classification_accuracy
from gansmith.metrics.collective import from_rank_zero
from gansmith.metrics.evaluate import evaluate, prepare
from gansmith.metrics.modes import mode_coverage
from gansmith.metrics.path_length import perceptual_path_length
from gansmith.metrics.random_state import random_state_kept
from gansmith.metrics.reference import reference_indices
from gansmith.metrics.scores import check_classes, check_neighbours
from gansmith.metrics.weights import CLASSIFIER, INCEPTION, RECIPE

if TYPE_CHECKING:
    from gansmith.data.module import ImageData

Sampler = Callable[[Tensor], Tensor]
"""Indices, int64 (n,), to pictures, uint8 (n, C, H, W)."""

BY_CLASS = ("ifd", "cas", "agreement")
"""Metrics of class-conditional models alone."""

OF_MODELS = ("ppl", "cas", "agreement", "modes")
"""Metrics that compare no features of samples with those of real pictures."""


@dataclass(frozen=True)
class Protocol(BaseProtocol):
    """Generated pictures as a set against real ones; arguments as for `BaseProtocol`, and

    metrics: of fd (Fréchet distance), kd (kernel distance), isc (Inception score), prc (precision and recall),
        dc (density and coverage), authenticity (share of samples that are no copies of training pictures, and
        their mean distance to these), ppl (perceptual path length), modes (of stacked digits: how many there are, and
        the divergence of their frequencies); of class-conditional models, ifd (intra-class Fréchet distance), cas
        (accuracy of a classifier trained on samples) and agreement (share of samples in which a classifier of real
        pictures sees the class that was asked for).
    primary: as in `BaseProtocol`; prc stands for its precision, dc for its coverage, modes for the divergence.
    reference_samples: number of real pictures; null takes the whole split, as does a split with fewer.
    seed: of the generated pictures and of the choice of real ones.
    prc_neighbours, dc_neighbours: a picture's surroundings reach to its neighbour of this number.
    ppl_network: whose distance measures a path, efficientnet_lite0 or lpips_vgg16 (as published; a download).
    """

    has_captions: ClassVar[bool] = False
    """Whether samples are drawn from the captions of real pictures."""

    KNOWN: ClassVar[tuple[str, ...]] = ("fd", "kd", "isc", "prc", "dc", "authenticity", "ppl", "modes", *BY_CLASS)
    LARGER_IS_BETTER: ClassVar[tuple[str, ...]] = ("isc", "prc", "dc", "authenticity", "cas", "agreement")

    metrics: Sequence[str] = ("fd", "kd")
    samples: int = 2500
    during_samples: int = 1000
    reference_samples: int | None = 2500
    split: str = "train"
    prc_neighbours: int = 3
    dc_neighbours: int = 5
    ppl_network: str = path_length.NETWORK

    def _check_choices(self) -> None:
        super()._check_choices()
        inception_for_score = "isc" not in self.metrics or self.extractor == INCEPTION
        require(inception_for_score, "extractor", self.extractor, f"{INCEPTION} where metrics.metrics has isc")
        networks = path_length.NETWORKS
        require(self.ppl_network in networks, "ppl_network", self.ppl_network, f"one of {', '.join(networks)}")

    def _check_numbers(self) -> None:
        least = 2
        for metric, key in (("prc", "prc_neighbours"), ("dc", "dc_neighbours")):
            neighbours = getattr(self, key)
            require(is_whole(neighbours, 1), key, neighbours, "a whole number of at least 1")
            least = max(least, neighbours + 1) if metric in self.metrics else least
        for key in ("samples", "during_samples"):
            require(is_whole(getattr(self, key), least), key, getattr(self, key), f"a whole number of at least {least}")
        all_or_some = self.reference_samples is None or is_whole(self.reference_samples, 2)
        require(all_or_some, "reference_samples", self.reference_samples, "null or a whole number of at least 2")
        super()._check_numbers()

    @property
    def set_metrics(self) -> tuple[str, ...]:
        """Those that compare the samples' features with the real pictures'."""
        return tuple(metric for metric in self.metrics if metric not in OF_MODELS)

    def result_name(self, metric: str) -> str:
        """As `precision_efficientnet_lite0`; of prc, dc and modes, which have two, the one they are judged by."""
        names = {
            "prc": f"precision_{self.extractor}",
            "dc": f"coverage_{self.extractor}",
            "authenticity": f"authenticity_{self.extractor}",
            "ifd": f"ifd_{self.extractor}",
            "ppl": f"ppl_{self.ppl_network}",
            "modes": "modes_kl",
        }
        return names.get(metric) or super().result_name(metric)

    @property
    def needs_training(self) -> bool:
        """Whether all training pictures are looked at, whatever the split."""
        return "authenticity" in self.metrics or self.extractor == CLASSIFIER

    @property
    def class_metrics(self) -> tuple[str, ...]:
        """Those that only class-conditional models have."""
        return tuple(metric for metric in self.metrics if metric in BY_CLASS)

    @property
    def definition(self) -> dict[str, Any]:
        path = [path_length.EPSILON, *path_length.EXTREMES, *perceptual.LAYERS, perceptual.TILE]
        return {"ppl": path, "classifier": RECIPE}

    def check_model(self, model: Any) -> None:
        """Raises ConfigError for a model that translates pictures, draws none, or lacks what a metric asks for."""
        if self.metrics and hasattr(model, "translate"):
            raise ConfigError(
                f"metrics={self.name} samples from latents, model={model.name} translates pictures: take metrics=paired"
            )
        if self.metrics and hasattr(model, "embed"):
            raise ConfigError(
                f"metrics={self.name} measures pictures, model={model.name} draws none: take metrics=retrieval"
            )
        if self.metrics and hasattr(model, "sample_stages") and not self.has_captions:
            raise ConfigError(
                f"metrics={self.name} samples without captions, model={model.name} draws what they say: "
                "take metrics=captions"
            )
        if self.class_metrics and not getattr(model, "classes", 0):
            raise ConfigError(
                f"metrics={self.name} has {', '.join(self.class_metrics)}, which need classes, and model={model.name} "
                "samples without: take metrics=fast or a class-conditional model"
            )
        if "ppl" in self.metrics and not hasattr(model, "sample_path"):
            raise ConfigError(
                f"metrics={self.name} has ppl, which needs paths between latents, and model={model.name} has none: "
                "take it out of metrics.metrics"
            )

    def check_data(self, model: Any, data: ImageData) -> None:  # type: ignore[override]
        """Raises ConfigError or DataError if the data have no set of pictures to compare with, or too few."""
        if not self.metrics:
            return
        if (self.set_metrics or "ppl" in self.metrics) and data.channels not in (1, 3):
            raise ConfigError(
                f"metrics={self.name} looks at pictures through a network for 1 or 3 channels, and "
                f"data.channels={data.channels}: take metrics=none"
            )
        reference = data.split(self.split)
        if self.set_metrics:
            chosen = reference_indices(reference, self)
            check_neighbours(self, len(chosen))
        if self.class_metrics and data.classes != model.classes:
            raise ConfigError(
                f"metrics={self.name} has {', '.join(self.class_metrics)}: model={model.name} has {model.classes} "
                f"classes and data={data.name} has {data.classes or 'no labels'}"
            )
        if "ifd" in self.metrics:
            labels = None if reference.labels is None else reference.labels[chosen]
            check_classes(self, model.labels_of(torch.arange(self.samples)), labels)
        if "cas" in self.metrics:
            data.split("test")
        if "modes" in self.metrics and not hasattr(data.split("train"), "digits"):
            raise ConfigError(
                f"metrics={self.name} has modes, which are counted in stacked digits, and data={data.name} has none: "
                "take data=stacked_mnist5k"
            )
        if self.set_metrics and self.extractor == CLASSIFIER and data.classes < 2:
            raise ConfigError(f"metrics.extractor={CLASSIFIER} learns from labels, and data={data.name} has none")

    def sampler(self, model: Any, data: ImageData) -> Sampler:
        """How the model makes the pictures that are compared with the data's."""
        return lambda indices: model.sample_images(indices, self.seed)

    def prepare(self, device: str | torch.device) -> None:
        device = torch.device(device)
        if self.set_metrics:
            prepare(self, device)
        if "ppl" in self.metrics:
            from_rank_zero(lambda: bool(path_length.distance_of(self.ppl_network, device)), device)

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
        """`model.sample_images` against the pictures of `data.split(self.split)`, and the model's own paths.

        The pictures that samples may be copies of are those of the train split.
        """
        protocol = self if samples is None else self.with_samples(samples)
        result = evaluate(
            protocol.sampler(model, data),
            data.split(self.split),
            protocol,
            device=device,
            cache_dir=cache_dir,
            progress=progress,
            labels=model.labels_of if "ifd" in self.metrics else None,
            training=data.split("train") if self.needs_training else None,
        )
        with random_state_kept(torch.device(device)):
            return result | protocol._measure_model(model, data, torch.device(device), cache_dir, progress)

    def counting(self, progress: Progress | None) -> Callable[[int], None]:
        """What a metric of so many samples as the protocol's calls with the number of those that are made."""
        return lambda done: None if progress is None else progress(done, self.samples)

    def _measure_model(
        self,
        model: Any,
        data: ImageData,
        device: torch.device,
        cache_dir: str | os.PathLike[str],
        progress: Progress | None,
    ) -> dict[str, float]:
        """Those of the protocol's numbers that compare no two sets of features: ppl, cas, agreement and modes."""
        result: dict[str, float] = {}
        tick = self.counting(progress)
        if "ppl" in self.metrics:
            result[self.result_name("ppl")] = perceptual_path_length(
                model, self.samples, self.seed, device, self.batch_size, tick, self.ppl_network
            )
        if "cas" in self.metrics:
            result["cas"] = classification_accuracy(model, data, self.samples, self.seed, device, tick)
        if "agreement" in self.metrics:
            result["agreement"] = label_agreement(
                model, data, self.samples, self.seed, device, cache_dir, tick, self.batch_size
            )
        if "modes" in self.metrics:
            result["modes_found"], result["modes_kl"] = mode_coverage(
                model, data, self.samples, self.seed, device, cache_dir, tick, self.batch_size
            )
        return result
