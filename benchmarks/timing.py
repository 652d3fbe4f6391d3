"""Two ways of doing the same, timed in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

Timed = Callable[[], float]
"""Does a piece of work; seconds it took, a step or in all."""


@dataclass(frozen=True)
class Row:
    """A ratio, seen several times.

    Args:
        what: whose seconds are above the line.
        against: whose are below it.
        pairs: seconds of both, each pair measured one after the other.
        target: what the ratio's median should not exceed, where there is such a promise.
    """

    what: str
    against: str
    pairs: list[tuple[float, float]]
    target: float | None = None

    @property
    def ratios(self) -> list[float]:
        """In ascending order. Other work on the machine hits both sides of a pair, so it cancels here first."""
        return sorted(above / below for above, below in self.pairs)

    @property
    def holds(self) -> bool:
        return self.target is None or median(self.ratios) <= self.target

    def cells(self) -> list[str]:
        above, below = (median(side) * 1e3 for side in zip(*self.pairs))
        return [
            self.what,
            self.against,
            f"{above:.4g}",
            f"{below:.4g}",
            f"{median(self.ratios):.3f}",
            f"{self.ratios[0]:.3f} – {self.ratios[-1]:.3f}",
            "" if self.target is None else f"≤ {self.target:g}",
        ]


HEADINGS = ("measured", "against", "ms", "ms", "ratio", "min – max", "target")


def in_turn(first: Timed, second: Timed, repeats: int) -> list[tuple[float, float]]:
    """Seconds of both, A B A B ..., so that a busy machine slows both."""
    return [(first(), second()) for _ in range(repeats)]
