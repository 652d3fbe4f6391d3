"""From a sampler and real pictures to numbers, the same for any number of processes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gansmith.metrics.base import BaseProtocol, Progress
from gansmith.metrics.class_features import classifier_extractor
from gansmith.metrics.collective import from_rank_zero
from gansmith.metrics.extractors import Extractor, build_extractor
from gansmith.metrics.features import extract
from gansmith.metrics.random_state import random_state_kept
from gansmith.metrics.reference import ImageSet, RealFeatures, all_features
from gansmith.metrics.scores import distances, neighbourhoods, within_classes
from gansmith.metrics.weights import CLASSIFIER

if TYPE_CHECKING:
    from gansmith.metrics.protocol import Protocol

Labels = Callable[[Tensor], Tensor]
"""Indices, int64 (n,), to the classes of these samples, int64 (n,)."""


def prepare(protocol: BaseProtocol, device: str | torch.device) -> None:
    """Get the extractor's weights now, so that missing ones stop a run before its training and not after.

    Collective; does nothing for a protocol without metrics, or with an extractor that the data train. Raises
    ConfigError or WeightsError.
    """
    if protocol.metrics and protocol.extractor != CLASSIFIER:
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
    labels: Labels | None = None,
    training: ImageSet | None = None,
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
        labels: the classes of the samples, which ifd needs.
        training: all pictures that the sampler may have copied, for authenticity, and that `extractor=classifier`
            learns from; None takes `reference`.

    Returns finite numbers by name (see `Protocol.result_name`): with Inception-v3 `fid`, `kid_mean`,
    `kid_std`, `isc_mean`, `isc_std`, with another extractor such as `fd_efficientnet_lite0`,
    `kd_efficientnet_lite0_mean`, `kd_efficientnet_lite0_std`. Empty for a protocol without metrics.

    Raises DataError for fewer than two real pictures or no more than there must be neighbours, ConfigError
    for too few samples or classes that are not there, WeightsError for weights that are missing, foreign or
    give features that are not finite.
    """
    if samples is not None:
        protocol = protocol.with_samples(samples)
    if not protocol.set_metrics:
        return {}
    device, training = torch.device(device), reference if training is None else training
    with random_state_kept(device), torch.inference_mode():
        extractor = extractor_for(protocol, training, device, cache_dir)
        real = RealFeatures(reference, protocol, extractor, cache_dir)
        copied = real
        if "authenticity" in protocol.metrics:
            every = all_features(training, protocol, extractor, cache_dir)
            copied = real if every.path == real.path else every
        missing = [side for side in dict.fromkeys((real, copied)) if not side.cached]
        report = _counted(progress, sum(len(side.indices) for side in missing) + protocol.samples)
        for side in missing:
            side.compute(report(len(side.indices)))
        counting = report(protocol.samples)
        fake, logits = extract(sample, protocol.samples, extractor, protocol.batch_size, counting)
        fake_labels = labels(torch.arange(protocol.samples)).cpu() if labels else None

        def scores() -> dict[str, float]:
            # Neighbours of all samples are much arithmetic, which a GPU does in float64 as well.
            near = fake.to(device) if device.type == "cuda" else fake
            return {
                **distances(protocol, extractor, fake, real.tensors, logits),
                **neighbourhoods(protocol, near, real.tensors, copied.tensors),
                **within_classes(protocol, fake, fake_labels, real.tensors, real.labels),
            }

        return from_rank_zero(scores, device)


def extractor_for(
    protocol: BaseProtocol, training: ImageSet, device: torch.device, cache_dir: str | os.PathLike[str]
) -> Extractor:
    """The protocol's extractor, also where it is a classifier of the training pictures; collective."""
    if protocol.extractor == CLASSIFIER:
        return classifier_extractor(training, cache_dir, device)
    return ready_extractor(protocol, device)


def ready_extractor(protocol: BaseProtocol, device: torch.device) -> Extractor:
    """The protocol's extractor. Rank 0 goes first, so that one process and not all of them download."""

    def build() -> Extractor:
        return build_extractor(protocol.extractor, protocol.weights, protocol.resize, device)

    from_rank_zero(lambda: build().name, device)
    return build()


def _counted(progress: Progress | None, total: int) -> Callable[[int], Callable[[int], None]]:
    """Gives to each stage, by its number of pictures, what counts them on from those of the stages before."""
    before = 0

    def stage(pictures: int) -> Callable[[int], None]:
        nonlocal before
        start, before = before, before + pictures
        return lambda done: progress(start + done, total) if progress else None

    return stage
