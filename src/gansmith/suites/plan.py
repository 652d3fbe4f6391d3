"""Which runs a suite consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from gansmith.config import identifying, merged, saved_overrides
from gansmith.errors import ConfigError
from gansmith.jobs import Job

AXES = ("models", "data", "seeds")
EVERY = "all"
# What a cell is, and where it lies.
OWN = ("model", "data", "seed", "run_dir", "resume")
# Files of conf/model that others begin with, and no models.
PARTS = ("base", "base_gan", "base_diffusion", "base_caption_gan")


@dataclass(frozen=True)
class Cell:
    """One run of a suite.

    Args:
        steps: its `trainer.max_steps`.
        job: its training.
    """

    data: str
    model: str
    seed: int
    steps: int
    job: Job

    def __str__(self) -> str:
        return f"{self.data}/{self.model}/seed={self.seed}"


@dataclass(frozen=True)
class Suite:
    """A file of conf/suite.

    Args:
        name: of the suite.
        models: names of conf/model.
        data: names of conf/data.
        seeds: one run each.
        overrides: of conf/train.yaml, by the data, the model or "all" that they are for; a model's win over the
            data's, and those over "all".

    Raises:
        ConfigError: a key that does not work.
    """

    name: str
    models: Sequence[str]
    data: Sequence[str]
    seeds: Sequence[int]
    overrides: dict[str, list[str]]

    def __post_init__(self) -> None:
        for axis in AXES:
            values = getattr(self, axis)
            if not isinstance(values, list) or not values or len(set(values)) < len(values):
                raise ConfigError(f"suite.{axis}={values}: it is a list of one or more, each once")
        for seed in self.seeds:
            if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
                raise ConfigError(f"suite.seeds={self.seeds}: {seed} is no whole number from 0")
        models, data = options("model"), options("data")
        for axis, there in (("models", models), ("data", data)):
            for name in getattr(self, axis):
                if name not in there:
                    raise ConfigError(f"suite.{axis}: there is no {name}; there are {', '.join(there)}")
        known = {EVERY, *models, *data}
        for name, given in self.overrides.items():
            if name not in known:
                raise ConfigError(f"suite.overrides.{name}: there is no such model or data; for every cell it is all")
            for override in given or []:
                if key_of(override) in OWN:
                    raise ConfigError(f"suite.overrides.{name}: {key_of(override)} is not for a suite to override")

    def cells(self, out: Path) -> list[Cell]:
        """In an order that gives whole boards early: seed by seed.

        Raises:
            ConfigError: the overrides of a cell make no config, or its folder holds a run of others.
        """
        pairs = list(product(self.data, self.models))
        steps = {pair: self._steps(*pair) for pair in pairs}
        cells = [
            Cell(data, model, seed, steps[data, model], self._job(data, model, seed, out))
            for seed in self.seeds
            for data, model in pairs
        ]
        for cell in cells:
            check_folder(cell)
        return cells

    def _job(self, data: str, model: str, seed: int, out: Path) -> Job:
        return Job(self._overrides(data, model, seed), out / data / model / f"seed={seed}")

    def _overrides(self, data: str, model: str, seed: int) -> list[str]:
        given: list[str] = []
        for name in (EVERY, data, model):
            given = merged(given, self.overrides.get(name) or [])
        return [f"model={model}", f"data={data}", f"seed={seed}", *given]

    def _steps(self, data: str, model: str) -> int:
        """From the composed config, so that a mistake is seen before the first run."""
        from hydra import compose
        from hydra.errors import HydraException
        from omegaconf.errors import OmegaConfBaseException

        try:
            config = compose("train", overrides=self._overrides(data, model, self.seeds[0]))
            return int(config.trainer.max_steps)
        except (HydraException, OmegaConfBaseException, ValueError) as error:
            # Hydra goes on about the folders that it searched.
            reason = str(error).partition("Config search path:")[0]
            raise ConfigError(f"{data}/{model}: {' '.join(reason.split())}") from error


def check_folder(cell: Cell) -> None:
    """Raises ConfigError where the cell's folder holds a run that this suite did not begin."""
    if cell.job.is_of_other_overrides:
        differing = set(identifying(saved_overrides(cell.job.run_dir))) ^ set(identifying(list(cell.job.overrides)))
        raise ConfigError(
            f"{cell.job.run_dir} holds a run with other settings ({', '.join(sorted(differing))}); take another out="
        )


def key_of(override: str) -> str:
    """The key that an override of Hydra's changes."""
    return override.partition("=")[0].lstrip("+~")


def options(group: str) -> list[str]:
    """Names of a config group's files, without those that are only parts of others."""
    from hydra.core.global_hydra import GlobalHydra

    found: list[str] = GlobalHydra.instance().config_loader().get_group_options(group)
    return [name for name in found if name not in PARTS]
