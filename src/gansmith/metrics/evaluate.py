"""From a sampler and real pictures to numbers, the same for any number of processes."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gansmith.metrics.base import BaseProtocol, Progress
from gansmith.metrics.collective import from_rank_zero
from gansmith.metrics.distances import (
    frechet_distance,
    gaussian_statistics,
    inception_score,
    kernel_distance,
)
from gansmith.metrics.extractors import Extractor, build_extractor
from gansmith.metrics.features import extract
from gansmith.metrics.random_state import random_state_kept
from gansmith.metrics.reference import ImageSet, RealFeatures

if TYPE_CHECKING:
    from gansmith.metrics.protocol import Protocol

log = logging.getLogger("gansmith.metrics")


def prepare(protocol: BaseProtocol, device: str | torch.device) -> None:
    """Get the extractor's weights now, so that missing ones stop a run before its training and not after.

    Collective; does nothing for a protocol without metrics. Raises ConfigError or WeightsError.
    """
    if protocol.metrics:
        ready_extractor(protocol, torch.device(device))


def evaluate(
    sample: Callable[[Tensor], Tensor],
    reference: ImageSet,
    protocol: Protocol,
    *,
    device: str | torch.device,
    samples: int | None = None,
    cache_dir: str | os.PathLike[str],
    progress: Progress | None = None,
) -> dict[str, float]:
    """Measure the sampler against real pictures.

    Collective: with torch.distributed every rank must call it, and every rank gets the same result. The
    global random state is left as it was.

    Args:
        sample: indices, int64 (n,) in memory, to generated pictures, uint8 (n, C, H, W), C of 1 or 3.
            Picture i must depend on i alone, so that it is the same on any rank and in any batch.
        reference: the real pictures of `protocol.split`.
        device: of the extractor; `sample` may return pictures from any device.
        samples: number of generated pictures, if not the protocol's (`protocol.during_samples` in training).
        cache_dir: folder for the reference's features.
        progress: called with (pictures done, pictures in all) after each batch.

    Returns finite numbers by name (see `Protocol.result_name`): with Inception-v3 `fid`, `kid_mean`,
    `kid_std`, `isc_mean`, `isc_std`, with another extractor such as `fd_efficientnet_lite0`,
    `kd_efficientnet_lite0_mean`, `kd_efficientnet_lite0_std`. Empty for a protocol without metrics.

    Raises DataError for fewer than two real pictures, ConfigError for fewer than two samples, WeightsError
    for weights that are missing, foreign or give features that are not finite.
    """
    if samples is not None:
        protocol = protocol.with_samples(samples)
    if not protocol.metrics:
        return {}
    device = torch.device(device)
    with random_state_kept(device), torch.inference_mode():
        extractor = ready_extractor(protocol, device)
        real = RealFeatures(reference, protocol, extractor, cache_dir)
        before = 0 if real.cached else len(real.indices)
        total = before + protocol.samples
        report = progress or (lambda done, total: None)
        if not real.cached:
            real.compute(lambda done: report(done, total))
        fake, logits = extract(
            sample,
            protocol.samples,
            extractor,
            protocol.batch_size,
            lambda done: report(before + done, total),
        )
        return from_rank_zero(lambda: distances(protocol, extractor, fake, real.tensors, logits), device)


def ready_extractor(protocol: BaseProtocol, device: torch.device) -> Extractor:
    """The protocol's extractor. Rank 0 goes first, so that one process and not all of them download."""

    def build() -> Extractor:
        return build_extractor(protocol.extractor, protocol.weights, protocol.resize, device)

    from_rank_zero(lambda: build().name, device)
    return build()


def distances(
    protocol: BaseProtocol,
    extractor: Extractor,
    fake: Tensor,
    real: dict[str, Tensor] | None,
    logits: Tensor | None = None,
) -> dict[str, float]:
    """Those of the protocol's numbers that compare sets of pictures, by name; on rank 0.

    Args:
        fake: features (n, d).
        real: what `reference_tensors` makes of the real pictures' features.
        logits: of the fakes, (n, classes); only where the protocol has isc.

    Raises WeightsError for features that are not finite.
    """
    assert real is not None
    extractor.check(fake)
    _warn_of_collapse(fake)
    reals = len(real["features"])
    result: dict[str, float] = {}
    if "fd" in protocol.metrics:
        _warn_of_bias(protocol.result_name("fd"), len(fake), reals, fake.shape[1])
        statistics = (real["mean"], real["covariance"])
        result[protocol.result_name("fd")] = frechet_distance(gaussian_statistics(fake), statistics)
    if "kd" in protocol.metrics:
        size = min(protocol.kd_subset_size, len(fake), reals)
        values = kernel_distance(fake, real["features"], protocol.kd_subsets, size)
        result |= _mean_and_std(protocol.result_name("kd"), values)
    if "isc" in protocol.metrics:
        assert logits is not None
        result |= _mean_and_std(protocol.result_name("isc"), inception_score(logits))
    return result


def _mean_and_std(mean_name: str, values: tuple[float, float]) -> dict[str, float]:
    return {mean_name: values[0], mean_name.removesuffix("_mean") + "_std": values[1]}


def _warn_of_collapse(features: Tensor) -> None:
    if (features == features[0]).all():
        log.warning("all %d generated pictures have the same features: the generator has collapsed", len(features))


@lru_cache(maxsize=64)
def _warn_of_bias(name: str, fakes: int, reals: int, features: int) -> None:
    """Once a process for the same numbers: training evaluates again and again."""
    if min(fakes, reals) <= features:
        log.warning(
            "%s is biased upward: %d generated and %d real pictures are too few for the covariance of %d "
            "features (more than %d on both sides are needed); compare it only at the same numbers",
            name,
            fakes,
            reals,
            features,
            features,
        )
