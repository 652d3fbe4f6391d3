"""Samplers and pruners by the names that conf/search gives them."""

from __future__ import annotations

import warnings
from typing import Any

from optuna import pruners, samplers
from optuna.exceptions import ExperimentalWarning

from gansmith.errors import ConfigError

SAMPLERS = {"tpe": samplers.TPESampler, "random": samplers.RandomSampler}
PRUNERS = {
    "median": pruners.MedianPruner,
    "percentile": pruners.PercentilePruner,
    "successive_halving": pruners.SuccessiveHalvingPruner,
    "hyperband": pruners.HyperbandPruner,
    "none": pruners.NopPruner,
}


def build_sampler(node: dict[str, Any], seed: int) -> samplers.BaseSampler:
    """Raises ConfigError for an unknown name, or arguments that Optuna's class does not take."""
    return _build(SAMPLERS, "search.sampler", {**node, "seed": seed})


def build_pruner(node: dict[str, Any]) -> pruners.BasePruner:
    """Raises ConfigError likewise."""
    return _build(PRUNERS, "search.pruner", node)


def _build(known: dict[str, Any], place: str, node: dict[str, Any]) -> Any:
    arguments = dict(node)
    name = arguments.pop("name", None)
    if name not in known:
        raise ConfigError(f"{place}.name={name}: it can be {', '.join(known)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return known[name](**arguments)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{place}: {' '.join(str(error).split()).replace('`', '')}") from error
