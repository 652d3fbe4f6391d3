"""The numbers of a protocol from features, by name, with a warning beside each that is not what it seems."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gansmith.errors import ConfigError, DataError
from gansmith.metrics.base import BaseProtocol
from gansmith.metrics.distances import (
    frechet_distance,
    gaussian_statistics,
    inception_score,
    intra_class_distances,
    kernel_distance,
)
from gansmith.metrics.extractors import Extractor
from gansmith.metrics.manifold import authenticity, density_coverage, precision_recall

if TYPE_CHECKING:
    from gansmith.metrics.protocol import Protocol

log = logging.getLogger("gansmith.metrics")


def distances(
    protocol: BaseProtocol,
    extractor: Extractor,
    fake: Tensor,
    real: dict[str, Tensor] | None,
    logits: Tensor | None = None,
) -> dict[str, float]:
    """Those of the protocol's numbers that compare two sets as distributions: fd, kd, isc; on rank 0.

    Args:
        fake: features (n, d).
        real: what `reference_tensors` makes of the real pictures' features.
        logits: of the fakes, (n, classes); only where the protocol has isc.

    Raises WeightsError for features that are not finite.
    """
    assert real is not None
    extractor.check(fake)
    _warn_of_collapse(fake, real["features"])
    reals = len(real["features"])
    result: dict[str, float] = {}
    if "fd" in protocol.metrics:
        _warn_of_bias(protocol.result_name("fd"), len(fake), reals, fake.shape[1])
        statistics = (real["mean"], real["covariance"])
        result[protocol.result_name("fd")] = frechet_distance(gaussian_statistics(fake), statistics)
    if "kd" in protocol.metrics:
        name, size = protocol.result_name("kd"), min(protocol.kd_subset_size, len(fake), reals)
        _warn_of_subsets(name, size, protocol.kd_subset_size)
        result |= _mean_and_std(name, kernel_distance(fake, real["features"], protocol.kd_subsets, size))
    if "isc" in protocol.metrics:
        assert logits is not None
        result |= _mean_and_std(protocol.result_name("isc"), inception_score(logits))
    return result


def neighbourhoods(
    protocol: Protocol, fake: Tensor, real: dict[str, Tensor] | None, training: dict[str, Tensor] | None
) -> dict[str, float]:
    """Those that ask who lies beside whom: prc, dc, authenticity; on rank 0.

    Args:
        fake: features (n, d), finite.
        real, training: what `reference_tensors` makes of the real pictures' features and of the training
            pictures'; the latter only where the protocol has authenticity.

    Raises ConfigError or DataError where there are no more pictures than neighbours.
    """
    assert real is not None
    result: dict[str, float] = {}
    check_neighbours(protocol, len(real["features"]))
    if "prc" in protocol.metrics:
        values = precision_recall(fake, real["features"].to(fake.device), protocol.prc_neighbours)
        result |= _named(protocol, ("precision", "recall"), values)
    if "dc" in protocol.metrics:
        values = density_coverage(fake, real["features"].to(fake.device), protocol.dc_neighbours)
        result |= _named(protocol, ("density", "coverage"), values)
    if "authenticity" in protocol.metrics:
        assert training is not None
        values = authenticity(fake, training["features"].to(fake.device))
        result |= _named(protocol, ("authenticity", "nearest"), values)
    return result


def check_neighbours(protocol: Protocol, reals: int) -> None:
    """Raises DataError where the real pictures are too few to have the neighbours that are asked for."""
    for metric, key in (("prc", "prc_neighbours"), ("dc", "dc_neighbours")):
        if metric in protocol.metrics and reals <= (neighbours := getattr(protocol, key)):
            raise DataError(
                f"data: {metric} with metrics.{key}={neighbours} needs more than {neighbours} real pictures, and "
                f"{reals} of the {protocol.split} split are compared with"
            )


def within_classes(
    protocol: Protocol,
    fake: Tensor,
    fake_labels: Tensor | None,
    real: dict[str, Tensor] | None,
    real_labels: Tensor | None,
) -> dict[str, float]:
    """Those that compare class by class: ifd; on rank 0.

    Args:
        fake: features (n, d), finite.
        fake_labels, real_labels: int64 (n,) and (m,).

    Raises ConfigError without labels, or where a class has fewer than two pictures on one side.
    """
    if "ifd" not in protocol.metrics:
        return {}
    fewest = check_classes(protocol, fake_labels, real_labels)
    assert real is not None
    assert fake_labels is not None
    assert real_labels is not None
    _warn_of_bias(protocol.result_name("ifd"), *fewest, fake.shape[1])
    values = intra_class_distances(fake, fake_labels, real["features"], real_labels)
    return {protocol.result_name("ifd"): float(values.mean())}


def check_classes(protocol: Protocol, fake: Tensor | None, real: Tensor | None) -> tuple[int, int]:
    """The fewest samples and the fewest real pictures that a class has, from their labels, int64 (n,) and (m,).

    Raises ConfigError without labels, or where a class has fewer than two pictures on one side.
    """
    if fake is None or real is None:
        which = "generated" if fake is None else "real"
        raise ConfigError(f"metrics={protocol.name} has ifd, which needs the classes of the {which} pictures")
    classes = int(max(fake.max(), real.max())) + 1
    samples, reals = fake.bincount(minlength=classes), real.bincount(minlength=classes)
    for label in range(classes):
        if (samples[label] or reals[label]) and min(samples[label], reals[label]) < 2:
            raise ConfigError(
                f"metrics={protocol.name} has ifd, which needs 2 generated and 2 real pictures of each class: class "
                f"{label} has {int(samples[label])} of metrics.samples={protocol.samples} and {int(reals[label])} "
                f"in the {protocol.split} split"
            )
    return int(samples[samples > 0].min()), int(reals[reals > 0].min())


def _named(protocol: BaseProtocol, names: tuple[str, str], values: tuple[float, float]) -> dict[str, float]:
    return {f"{name}_{protocol.extractor}": value for name, value in zip(names, values)}


def _mean_and_std(mean_name: str, values: tuple[float, float]) -> dict[str, float]:
    return {mean_name: values[0], mean_name.removesuffix("_mean") + "_std": values[1]}


def _warn_of_collapse(fake: Tensor, real: Tensor) -> None:
    for features, kind, cause in (
        (fake, "generated", "the generator has collapsed"),
        (real, "real", "distances to them say little"),
    ):
        if torch.allclose(features, features[:1]):
            log.warning("all %d %s pictures have the same features: %s", len(features), kind, cause)


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


@lru_cache(maxsize=64)
def _warn_of_subsets(name: str, size: int, wanted: int) -> None:
    if size < wanted:
        log.warning(
            "%s is a mean over subsets of %d and not of metrics.kd_subset_size=%d pictures, as there are no more; "
            "its deviation is too small",
            name,
            size,
            wanted,
        )
