"""Single numbers among the settings of tasks."""

from __future__ import annotations

from math import inf

from gansmith.errors import ConfigError


def check_number(key: str, value: float, least: float, most: float = inf) -> float:
    """The setting `task.<key>`.

    Raises:
        ConfigError: it is no number from `least` to `most`.
    """
    if not isinstance(value, (int, float)) or not least <= value <= most:
        limits = f"from {least:g} on" if most == inf else f"from {least:g} to {most:g}"
        raise ConfigError(f"task.{key}={value}: it can be a number {limits}")
    return float(value)
