"""How outputs are measured that have a true picture beside them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from gansmith.data.held_out import HeldOutPairs, held_out_pairs
from gansmith.errors import ConfigError
from gansmith.metrics import perceptual
from gansmith.metrics.base import BaseProtocol, Progress, is_whole, require
from gansmith.metrics.collective import from_rank_zero
from gansmith.metrics.evaluate import ready_extractor
from gansmith.metrics.lpips import BACKBONES, check_depth, lpips, lpips_digest, lpips_network, published_digest
from gansmith.metrics.ms_ssim import check_scales
from gansmith.metrics.pair_scores import SCORES, Score, same_size, without_border
from gansmith.metrics.restoration import measure_pairs, selection
from gansmith.objectives.feature_network import feature_network

if TYPE_CHECKING:
    from gansmith.data.base import DataModule


@dataclass(frozen=True)
class PairedProtocol(BaseProtocol):
    """Outputs beside the true pictures, both in 8 bits; arguments as for `BaseProtocol`, and

    metrics: of each picture, of which the mean is taken, psnr, ssim and ms_ssim (of all channels), the same with
        _y (of the luma), l1, perceptual, lpips; of all pictures as a set, fd and kd.
    samples, during_samples: number of test pictures; null takes all, as does a split with fewer.
    seed: of the task's random numbers, of models whose output is random, and of the choice of `samples`.
    crop_border: pixels that are cut from each edge of both pictures before anything else; null cuts as many
        as the task enlarges, and none where it does not.
    lpips_network: through which lpips looks, alex or vgg.
    lpips_weights: file with its weights, as torchvision has them; null takes the published ones.
    """

    KNOWN: ClassVar[tuple[str, ...]] = (*SCORES, "fd", "kd")
    LARGER_IS_BETTER: ClassVar[tuple[str, ...]] = ("psnr", "psnr_y", "ssim", "ssim_y", "ms_ssim", "ms_ssim_y")

    metrics: Sequence[str] = ("psnr", "psnr_y", "ssim", "ssim_y", "l1", "perceptual")
    crop_border: int | None = None
    lpips_network: str = "alex"
    lpips_weights: str | None = None

    def _check_choices(self) -> None:
        super()._check_choices()
        require(self.lpips_network in BACKBONES, "lpips_network", self.lpips_network, f"one of {', '.join(BACKBONES)}")

    def _check_numbers(self) -> None:
        least = 2 if self.set_metrics else 1
        for key in ("samples", "during_samples"):
            value = getattr(self, key)
            require(value is None or is_whole(value, least), key, value, f"null or a whole number of at least {least}")
        none_or_some = self.crop_border is None or is_whole(self.crop_border, 0)
        require(none_or_some, "crop_border", self.crop_border, "null or a whole number of at least 0")
        super()._check_numbers()

    @property
    def pair_metrics(self) -> tuple[str, ...]:
        """Those of one output and its truth."""
        return tuple(metric for metric in self.metrics if metric in SCORES)

    @property
    def set_metrics(self) -> tuple[str, ...]:
        """Those of all outputs and all truths."""
        return tuple(metric for metric in self.metrics if metric not in SCORES)

    @property
    def definition(self) -> dict[str, Any]:
        return {
            "perceptual": [perceptual.NETWORK, *perceptual.LAYERS, perceptual.TILE],
            "lpips_weights": lpips_digest(self.lpips_network, self.lpips_weights),
        }

    def result_name(self, metric: str) -> str:
        """As `psnr_y`, `perceptual_efficientnet_lite0`, `fd_efficientnet_lite0`.

        `lpips_alex` is the published one; with weights of another digest that is `lpips_alex_0123abcd`.
        """
        if metric == "lpips":
            digest = lpips_digest(self.lpips_network, self.lpips_weights)
            other = digest != published_digest(self.lpips_network)
            return f"lpips_{self.lpips_network}" + (f"_{digest}" if other else "")
        return f"perceptual_{perceptual.NETWORK}" if metric == "perceptual" else super().result_name(metric)

    def border(self, pairs: HeldOutPairs) -> int:
        """Pixels that are cut from each edge."""
        if self.crop_border is not None:
            return self.crop_border
        scale = pairs.task.scale if pairs.direction == "forward" else 1
        return scale if scale > 1 else 0

    def network_scores(self, device: torch.device) -> dict[str, Score]:
        """The distances of networks among `metrics`. Raises WeightsError if weights can't be had."""
        scores: dict[str, Score] = {}
        if "perceptual" in self.metrics:
            features = feature_network(perceptual.NETWORK, device=device)
            scores["perceptual"] = partial(perceptual.perceptual_distance, features=features)
        if "lpips" in self.metrics:
            network = lpips_network(self.lpips_network, self.lpips_weights, device)
            scores["lpips"] = partial(lpips, network=network)
        return scores

    def check_model(self, model: Any) -> None:
        """Raises ConfigError for a model that makes pictures from nothing."""
        if self.metrics and not hasattr(model, "translate"):
            raise ConfigError(
                f"metrics={self.name} compares outputs with true pictures, model={model.name} samples from latents: "
                "take metrics=fast"
            )

    def check_data(self, model: Any, data: DataModule) -> None:
        """Raises ConfigError or DataError if there are no pairs, or nothing to measure in them."""
        for direction in model.directions if self.metrics else ():
            pairs = held_out_pairs(data, self.split, self.seed, direction)
            if self.pair_metrics and not pairs.examples.paired:
                raise ConfigError(
                    f"metrics={self.name} compares outputs with their true pictures, which data={data.name} does not "
                    "have: take metrics=unpaired"
                )
            source, target = pairs[int(selection(pairs, self)[0])]
            truth = without_border(pairs.render(source, target), self.border(pairs))
            if truth.shape[1] not in (1, 3):
                raise ConfigError(
                    f"metrics={self.name} scores grey and RGB, and the {direction} direction of model={model.name} "
                    f"makes pictures of {truth.shape[1]} channels"
                )
            if self.pair_metrics:
                same_size(pairs.baseline(source), pairs.render(source, target))
            self._check_sides(truth)

    def _check_sides(self, truth: Tensor) -> None:
        if {"ms_ssim", "ms_ssim_y"} & set(self.metrics):
            check_scales(truth)
        if "lpips" in self.metrics:
            check_depth(truth, BACKBONES[self.lpips_network].smallest)

    def prepare(self, device: str | torch.device) -> None:
        device = torch.device(device)
        if self.set_metrics:
            ready_extractor(self, device)
        from_rank_zero(lambda: len(self.network_scores(device)), device)

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
        """`model.translate` on the held-out pairs; results of the reverse direction end in `_reverse`."""
        protocol = self if samples is None else self.with_samples(samples)
        result: dict[str, float] = {}
        for direction in model.directions if self.metrics else ():
            pairs = held_out_pairs(data, self.split, self.seed, direction)

            def restore(source: Tensor, pairs: HeldOutPairs = pairs) -> Tensor:
                output = model.translate(source.to(device, model.dtype), pairs.direction, self.seed)
                return pairs.render(source, output)

            suffix = "_reverse" if direction == "reverse" else ""
            found = measure_pairs(restore, pairs, protocol, device, progress)
            result |= {f"{name}{suffix}": value for name, value in found.items()}
        return result

    def measure_inputs(self, data: DataModule, *, device: str | torch.device) -> dict[str, float]:
        """What leaving the inputs as they are scores, such as `input_psnr`; in reverse it is the same."""
        if not self.metrics:
            return {}
        pairs = held_out_pairs(data, self.split, self.seed)
        found = measure_pairs(pairs.baseline, pairs, self, device)
        return {f"input_{name}": value for name, value in found.items()}
