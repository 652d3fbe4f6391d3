"""Keys that count something."""

from __future__ import annotations

from omegaconf import DictConfig

from gansmith.errors import ConfigError


def check_counts(config: DictConfig, **least: int) -> None:
    """Raises ConfigError with the first of the keys that is no whole number of at least that."""
    for key, smallest in least.items():
        value = config[key]
        if not isinstance(value, int) or isinstance(value, bool) or value < smallest:
            raise ConfigError(f"{key}={value}: it counts from {smallest}")
