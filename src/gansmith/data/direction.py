"""Which of two domains, A and B, is the source."""

from __future__ import annotations

from typing import TypeVar

from gansmith.errors import ConfigError

Domain = TypeVar("Domain")


def ordered(direction: str, a: Domain, b: Domain) -> tuple[Domain, Domain]:
    """(a, b) for `AtoB`, (b, a) for `BtoA`. Raises ConfigError for another direction."""
    if direction not in ("AtoB", "BtoA"):
        raise ConfigError(f"data.source.direction={direction} must be AtoB or BtoA")
    return (a, b) if direction == "AtoB" else (b, a)
