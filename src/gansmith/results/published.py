"""Numbers that others published, from the recipes that are meant to reach them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gansmith.errors import ConfigError
from gansmith.results.provenance import PACKAGE
from gansmith.results.record import parse

EXPERIMENTS = PACKAGE.parents[1] / "conf" / "experiment"


@dataclass(frozen=True)
class Published:
    """One number from a paper or a repository, as an entry of `published:` in conf/experiment/*.yaml.

    Attributes:
        metric: its name among results, such as `fid` or `psnr`.
        value: as published.
        data: name of the data's config.
        resolution: side of the pictures in pixels; None where they are of many sizes.
        protocol: name of the protocol that comes closest. It has no hash, so that it is never ranked with what
            was measured here.
        source: where it stands.
        model: what it is of; the experiment's name where the entry does not say.
        experiment: the recipe, as in `experiment=`.
    """

    metric: str
    value: float
    data: str
    resolution: int | None
    protocol: str
    source: str
    model: str
    experiment: str


def read_published(folder: Path = EXPERIMENTS) -> tuple[list[Published], list[str]]:
    """All published numbers of the recipes in `folder`, and a line for each recipe that can't be read."""
    found: list[Published] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found += read_recipe(path)
        except ConfigError as error:
            problems.append(str(error))
    return found, problems


def read_recipe(path: Path) -> list[Published]:
    """The published numbers of one recipe. Raises ConfigError, in one line, for entries that don't fit."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        entries = content.get("published") if isinstance(content, dict) else None
        return [entry_of(entry, path.stem) for entry in entries or ()]
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: published can't be read ({str(error).splitlines()[0]})") from error


def entry_of(entry: Any, experiment: str) -> Published:
    if not isinstance(entry, dict):
        raise ValueError(f"'{entry}' is not a mapping")
    found: Published = parse({"model": experiment, **entry, "experiment": experiment}, Published, "")
    return found
