"""The runs in folders of logs, and the fields that each can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml

from gansmith.errors import GansmithError
from gansmith.results.provenance import describe_task, experiment_hash, variant_hash
from gansmith.results.record import Record

Which = Literal["last", "best"]

# yaml's parser in C is ten times faster, and not everywhere.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Run:
    """One `result.json`, and the folder it lies in."""

    record: Record
    run_dir: Path

    def scores(self, which: Which) -> dict[str, float | None]:
        """Metrics of the last or the best checkpoint, by name; a value is None where it was not finite."""
        scores = self.record.last if which == "last" else self.record.best
        return scores.metrics if scores else {}

    def field(self, name: str, which: Which = "last") -> Any:
        """A metric, a key of the record (`parameters.generator`) or of the config (`model.critic_steps`).

        None where the run has nothing of this name.
        """
        if name in self.scores(which):
            return self.scores(which)[name]
        own = {"run_dir": str(self.run_dir), "variant": self.variant, "task": self.task, "limit": self.limit}
        first, *rest = name.split(".")
        found = descend(own.get(first, getattr(self.record, first, None)), rest)
        return descend(self.config, name.split(".")) if found is None else found

    @property
    def variant(self) -> str:
        """What runs share that differ in the seed alone."""
        if self.record.variant:
            return self.record.variant
        # Older records; their config lies beside them.
        matches = experiment_hash(self.config) == self.record.config_hash
        return variant_hash(self.config) if matches else self.record.config_hash

    @property
    def task(self) -> dict[str, Any]:
        """As `Record.task`, also of older records."""
        return self.record.task or describe_task(self.config.get("task"))

    @property
    def limit(self) -> int | None:
        """As `Record.limit`, also of older records."""
        return self.record.limit or descend(self.config, ("data", "limit"))

    @property
    def pictures(self) -> str:
        """The data's name, with the number of training pictures where that is limited, as in `mnist5k[500]`."""
        return self.record.data if self.limit is None else f"{self.record.data}[{self.limit}]"

    @property
    def problem(self) -> str:
        """`pictures` and, with some digits that stand for its settings, the name of the task on them."""
        return f"{self.pictures}, {self.task['name']} {self.task['hash'][:6]}" if self.task else self.pictures

    @cached_property
    def config(self) -> dict[str, Any]:
        """The run's `config.yaml`; empty where it is missing or broken."""
        try:
            content = yaml.load((self.run_dir / "config.yaml").read_text(encoding="utf-8"), LOADER)
        except (OSError, ValueError, yaml.YAMLError):
            return {}
        return content if isinstance(content, dict) else {}


def descend(value: Any, keys: Sequence[str]) -> Any:
    """`value[key1][key2]...`; None where that leads nowhere."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else getattr(value, key, None)
    return value


def collect(folders: Sequence[Path]) -> tuple[list[Run], list[str]]:
    """All runs in and below the folders, each once, and a line for each file that is no record.

    A record's own file is as good as its folder.

    A run that lies in a folder without having reached its end has no record, and gets a line too: it may have
    diverged, which the means of those that finished do not show.
    """
    runs: dict[Path, Run] = {}
    problems: list[str] = []
    for folder in folders:
        if not folder.exists():
            problems.append(f"{folder}: no such folder")
        for path in [folder] if folder.is_file() else sorted(folder.rglob("result.json")):
            try:
                runs.setdefault(path.resolve(), Run(Record.read(path), path.parent))
            except GansmithError as error:
                problems.append(str(error))
        problems += [f"{path.parent}: has no record; unfinished, or ended by an error" for path in unfinished(folder)]
    return list(runs.values()), list(dict.fromkeys(problems))


def unfinished(folder: Path) -> list[Path]:
    """The overrides of the runs below `folder` that left no record."""
    return sorted(path for path in folder.rglob("overrides.yaml") if not path.with_name("result.json").exists())
