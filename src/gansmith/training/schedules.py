"""Learning rates as a function of the step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gansmith.errors import ConfigError

SHAPES = {
    "constant": lambda progress: 1.0,
    "linear": lambda progress: 1.0 - progress,
    "cosine": lambda progress: 0.5 * (1.0 + math.cos(math.pi * progress)),
}


@dataclass(frozen=True)
class Schedule:
    """Factor on the optimizer's learning rate.

    Args:
        shape: `constant`, `linear` or `cosine`: the way from 1 to `end` at the last step.
        warmup: steps over which the factor rises linearly from 1 / warmup.
        end: the factor at the end; a constant schedule has none.
        start: share of the steps before that way begins, in [0, 1); a constant schedule has none.

    Raises:
        ConfigError: an unknown shape, negative warm-up, a negative end, or a start outside its range.
    """

    shape: str = "constant"
    warmup: int = 0
    end: float = 0.0
    start: float = 0.0

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ConfigError(f"model.schedule: shape is {self.shape!r}; it can be {', '.join(SHAPES)}")
        if self.warmup < 0 or self.end < 0:
            raise ConfigError("model.schedule: warmup and end can't be negative")
        if not 0 <= self.start < 1:
            raise ConfigError(f"model.schedule: start is {self.start}; it is a share of the steps, from 0 to below 1")
        for name, value in (("end", self.end), ("start", self.start)):
            if self.shape == "constant" and value:
                raise ConfigError(
                    f"model.schedule: {name}={value} says nothing with shape=constant; take linear or cosine"
                )

    def factor(self, step: int, steps: int) -> float:
        """The factor for step `step` (from 0) of `steps`."""
        progress = max(min(step / steps, 1.0) - self.start, 0.0) / (1.0 - self.start)
        factor = self.end + (1.0 - self.end) * SHAPES[self.shape](progress)
        return factor * min((step + 1) / self.warmup, 1.0) if self.warmup else factor
