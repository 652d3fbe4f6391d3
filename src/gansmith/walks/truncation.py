"""mode=truncation: variety against quality."""

from __future__ import annotations

from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from gansmith.errors import ConfigError
from gansmith.training.pictures import save_picture
from gansmith.training.sheets import sheet
from gansmith.walks.walker import Walker


def truncation(walker: Walker, config: DictConfig, out: Path) -> list[Path]:
    """`truncation.png`: a row a sample, a column for each of `truncations`, ψ or thresholds.

    Raises:
        ConfigError: a model without truncation, or values that it can't have.
    """
    values = chosen_values(config.truncations, walker)
    rows, space = torch.arange(config.n), walker.model.spaces[0]
    columns = []
    for value in values:
        truncated = replace(walker, truncation=value)
        columns.append(truncated.show(truncated.code(rows, space), rows, space, f"truncation {value:g}"))
    pictures = torch.stack(columns, 1)[:, :, None]
    path = out / "truncation.png"
    save_picture(sheet([list(row) for row in pictures], [f"{value:g}" for value in values]), path)
    return [path]


def chosen_values(values: Any, walker: Walker) -> list[float]:
    """`truncations`, or those of the model."""
    model = walker.model
    if not model.truncations:
        raise ConfigError(f"mode=truncation: model={model.name} has none; stylegan2 (ψ) and biggan (a threshold) have")
    if walker.truncation is not None:
        raise ConfigError("truncation is one for all pictures; mode=truncation takes a list, truncations=[…]")
    chosen = list(model.truncations if values is None else values)
    if not chosen or not all(isinstance(value, Real) and not isinstance(value, bool) for value in chosen):
        raise ConfigError(f"truncations={values}: it is a list of numbers, such as {list(model.truncations)}")
    return [float(value) for value in chosen]
