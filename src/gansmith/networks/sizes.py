"""Sizes that networks are built with."""

from __future__ import annotations

from gansmith.errors import ConfigError


def check_sizes(**sizes: int) -> None:
    """Raises ConfigError with the name of the first size that is not a whole number from 1 on."""
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ConfigError(f"model.{name} is {size}; it is a whole number from 1 on")
