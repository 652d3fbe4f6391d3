"""Scales of super-resolution networks."""

from __future__ import annotations

from gansmith.errors import ConfigError

FACTORS: dict[int, list[int]] = {1: [], 2: [2], 3: [3], 4: [2, 2], 8: [2, 2, 2]}


def enlargements(scale: int) -> list[int]:
    """The steps in which a picture is enlarged: factors whose product is `scale`.

    Raises:
        ConfigError: a scale that these networks don't know.
    """
    if scale not in FACTORS:
        raise ConfigError(f"scale is {scale}; it can be {', '.join(map(str, FACTORS))}")
    return FACTORS[scale]
