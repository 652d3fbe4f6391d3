"""At which times between picture and noise a denoiser learns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from gansmith.errors import ConfigError
from gansmith.noise import Draws


class Times(Protocol):
    """A distribution over (0, 1)."""

    def draw(self, draws: Draws, rows: int) -> Tensor:
        """(rows,), one for each picture."""
        ...


@dataclass(frozen=True)
class Uniform:
    """All alike (Ho et al., 2020, arXiv:2006.11239, algorithm 1)."""

    def draw(self, draws: Draws, rows: int) -> Tensor:
        return draws.uniform(rows, 1).flatten()


@dataclass(frozen=True)
class LogitNormal:
    """Mostly in the middle, where neither picture nor noise is plain to see: log(t / (1 - t)) is normal.

    Esser et al., 2024, arXiv:2403.03206, section 3.1 and equation 19.

    Args:
        mean: 0 is the middle; below it pictures are plainer.
        deviation: about 1.6 comes near uniform times.

    Raises:
        ConfigError: a deviation that is not above 0.
    """

    mean: float = 0.0
    deviation: float = 1.0

    def __post_init__(self) -> None:
        if self.deviation <= 0:
            raise ConfigError(f"times.deviation is {self.deviation}; it is above 0")

    def draw(self, draws: Draws, rows: int) -> Tensor:
        return (self.mean + self.deviation * draws.normal(rows, 1).flatten()).sigmoid()
