"""Settings of tasks, and what is said where they don't work."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from gansmith.errors import ConfigError


def check_range(key: str, values: Sequence[float], least: float, most: float) -> tuple[float, float]:
    """The two ends of a range `task.<key>` that draws are taken from.

    Raises:
        ConfigError: they are no two numbers, the first the smaller, from `least` to `most`.
    """
    hint = f"it can be two numbers [low, high] from {least:g} to {most:g}"
    if isinstance(values, str) or not isinstance(values, Sequence) or len(values) != 2:
        raise ConfigError(f"task.{key}={values}: {hint}")
    if not all(isinstance(value, (int, float)) for value in values):
        raise ConfigError(f"task.{key}={values}: {hint}")
    low, high = values
    if not least <= low <= high <= most:
        raise ConfigError(f"task.{key}={list(values)}: {hint}")
    return float(low), float(high)


def check_number(key: str, value: float, least: float, most: float = inf) -> float:
    """The setting `task.<key>`.

    Raises:
        ConfigError: it is no number from `least` to `most`.
    """
    if not isinstance(value, (int, float)) or not least <= value <= most:
        limits = f"from {least:g} on" if most == inf else f"from {least:g} to {most:g}"
        raise ConfigError(f"task.{key}={value}: it can be a number {limits}")
    return float(value)
