"""Settings of models that have to lie in a range."""

from __future__ import annotations

from gansmith.errors import ConfigError


def check_not_negative(**values: float) -> None:
    """Raises ConfigError with the key of the first that is below 0."""
    for key, value in values.items():
        if value < 0:
            raise ConfigError(f"model.{key} is {value}; it can't be negative")


def check_shares(**shares: float) -> None:
    """Of what training leaves out. Raises ConfigError with the key of the first outside [0, 1)."""
    for key, share in shares.items():
        if not 0 <= share < 1:
            raise ConfigError(f"model.{key} is {share}; it is from 0 on and below 1")
