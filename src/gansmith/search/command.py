"""The command: from a config to a search, and what it prints at its end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from hydra import compose
from omegaconf import DictConfig

from gansmith.config import instantiate, to_plain
from gansmith.errors import ConfigError, GansmithError
from gansmith.jobs import visible_gpus
from gansmith.search import best, plots
from gansmith.search.loop import Search
from gansmith.search.objective import choose
from gansmith.search.samplers import build_pruner, build_sampler
from gansmith.search.space import Space
from gansmith.search.study import SharedStudy
from gansmith.search.table import Board

GOES_ON = "the same command goes on"
LEAST = {"trials": 1, "workers": 1, "seed": 0}


def search(config: DictConfig, overrides: Sequence[str]) -> None:
    """Searches what conf/search.yaml describes.

    Args:
        config: of the search, and under the same keys that of its trainings.
        overrides: the command line's.

    Raises:
        GansmithError: something in the config does not work, or no trial came to its end.
        KeyboardInterrupt: with how the search goes on.
    """
    found = prepare(config, _overrides(overrides))
    try:
        found.run()
    except KeyboardInterrupt:
        raise KeyboardInterrupt(GOES_ON) from None
    _finish(found)


def prepare(config: DictConfig, overrides: list[str]) -> Search:
    """The search with all of it checked; `overrides` are the trainings'."""
    node = _checked(config)
    space = Space.parse(node["space"])
    space.check_apart(overrides)
    objective = choose(instantiate(config.metrics), node["metric"], node["which"])
    sampler, pruner = partial(build_sampler, node["sampler"]), build_pruner(node["pruner"])
    sampler(node["seed"])
    space.check_keys(lambda extra: compose("train", overrides=[*overrides, *extra]))
    identity = {
        "overrides": sorted(overrides),
        "space": node["space"],
        "objective": [objective.metric, objective.which, objective.direction],
    }
    study = SharedStudy(Path(node["dir"]), identity, space, objective, sampler, pruner, node["seed"])
    devices = _devices(node["workers"], config.trainer.accelerator == "cpu")
    board = Board(node["name"], node["trials"], objective)
    return Search(study, overrides, objective, config.trainer.max_steps, devices, node["trials"], board)


def _checked(config: DictConfig) -> dict[str, Any]:
    """The search's own settings; ConfigError where one is missing or no number that works."""
    node: dict[str, Any] = to_plain(config.search)
    for key in ("name", "dir", "sampler", "pruner", "metric", "which", "space", *LEAST):
        if key not in node:
            raise ConfigError(f"search.{key}: is missing; a file in conf/search has the defaults [base, _self_]")
    for key, least in LEAST.items():
        if not isinstance(node[key], int) or isinstance(node[key], bool) or node[key] < least:
            raise ConfigError(f"search.{key}={node[key]}: it must be a whole number of at least {least}")
    return node


def _overrides(given: Sequence[str]) -> list[str]:
    """The overrides of the trainings among those of the command line."""
    overrides = [item for item in given if not _is_own(item)]
    for item in overrides:
        if item.partition("=")[0].lstrip("+") in ("run_dir", "resume"):
            raise ConfigError(f"{item}: each trial has a folder of its own; search.dir=FOLDER is the search's")
    return overrides


def _is_own(override: str) -> bool:
    """Whether the override is the search's, and no training's."""
    key = override.partition("=")[0].lstrip("+~")
    return key == "search" or key.startswith(("search.", "search/"))


def _devices(workers: int, on_cpu: bool) -> list[str | None]:
    """Each worker's share of the GPUs, which several of them share where there are fewer."""
    gpus = [] if on_cpu else visible_gpus()
    if not gpus:
        return [None] * workers
    return [",".join(gpus[worker::workers]) or gpus[worker % len(gpus)] for worker in range(workers)]


def _finish(found: Search) -> None:
    """Draws the plots, and prints what came out."""
    study = found.study
    overrides, console = found.write_best(), found.board.console
    if overrides is None:
        reasons = [trial.user_attrs["reason"] for trial in study.trials() if "reason" in trial.user_attrs]
        raise GansmithError(f"{study.folder}: no trial is complete; the last one: {(reasons or ['it still runs'])[-1]}")
    missing = plots.draw(study.study, study.folder / "plots", found.objective.metric)
    trial: Any = study.best()
    lines = [
        f"best    trial {trial.number:04d}, {found.objective.metric} {trial.value:.5g}",
        f"plots   {study.folder / 'plots'}",
        *(f"        no {name}: {reason}" for name, reason in missing.items()),
        best.command(overrides),
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
