"""A run of two stages: pretraining on pixels, then the adversarial game."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from lightning import Callback, Trainer

from gansmith.errors import ConfigError
from gansmith.training.schedules import Schedule


@dataclass(frozen=True)
class Halvings:
    """Factor on the learning rate that is halved again and again.

    Args:
        at: shares of the steps, in (0, 1), from which on the factor is halved once more.
        first: the factor at step 0.

    Raises:
        ConfigError: a share outside its range, or a first factor that is not positive.
    """

    shape: ClassVar[str] = "halvings"
    at: Sequence[float]
    first: float = 1.0

    def __post_init__(self) -> None:
        if not all(0 < share < 1 for share in self.at):
            raise ConfigError(f"model.schedule: at is {list(self.at)}; these are shares of the steps, between 0 and 1")
        if self.first <= 0:
            raise ConfigError(f"model.schedule: first is {self.first}; it is a factor above 0")

    def factor(self, step: int, steps: int) -> float:
        """The factor for step `step` (from 0) of `steps`."""
        return self.first * 0.5 ** sum(step >= share * steps for share in self.at)


@dataclass(frozen=True)
class Stages(Schedule):
    """A schedule for the first `switch` steps and another one for the rest, each over its own steps.

    `shape`, `warmup`, `end` and `start` are the first one's.

    Args:
        switch: steps of the first stage; 0 leaves the second one alone.
        then: the factor in the second stage, on the same learning rate.

    Raises:
        ConfigError: a negative switch.
    """

    switch: int = 0
    then: Schedule | Halvings = field(default_factory=Schedule)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.switch < 0:
            raise ConfigError(f"model.schedule: switch is {self.switch}; it counts steps, from 0")

    def factor(self, step: int, steps: int) -> float:
        """The factor for step `step` (from 0) of `steps`."""
        if step < self.switch:
            return super().factor(step, self.switch)
        return self.then.factor(step - self.switch, steps - self.switch)


class KeepStage(Callback):
    """`checkpoints/pretrained.ckpt`: the run as it was at the end of its first stage.

    Args:
        run_dir: the run's folder.
        step: at which that stage has ended; 0 keeps nothing.
    """

    def __init__(self, run_dir: str, step: int) -> None:
        self.path, self.step = Path(run_dir) / "checkpoints" / "pretrained.ckpt", step

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        if trainer.global_step == self.step:
            trainer.save_checkpoint(self.path, weights_only=False)
