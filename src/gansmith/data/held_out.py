"""The pairs that models are judged and looked at by."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.data.base import DataModule
from gansmith.data.examples import Examples
from gansmith.data.tasks.task import Task
from gansmith.errors import ConfigError
from gansmith.noise import NoiseByIndex
from gansmith.ranges import to_unit_range


class HeldOutPairs:
    """Pair i is what the task makes of example i: the same in every run, on every machine and in any order.

    Pairs are derived in memory, one by one, whatever their sizes.

    Args:
        examples: whole pictures.
        task: derives the pairs.
        seed: of the task's random numbers.
        direction: `reverse` gives each pair the other way round, as plain pictures.
    """

    def __init__(self, examples: Examples, task: Task, seed: int, direction: str = "forward") -> None:
        self.examples, self.task, self.seed, self.direction = examples, task, seed, direction

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Source (1, c, h, w) and target (1, d, H, W), floats in [-1, 1]."""
        example = self.examples[index]
        fields = {name: to_unit_range(example[name])[None] for name in self.task.needs}
        pair = self.task.derive(fields, NoiseByIndex(self.seed, torch.tensor([index])))
        ends = ("source", "target") if self.direction == "forward" else ("target", "source")
        return pair[ends[0]], pair[ends[1]]

    def render(self, source: Tensor, output: Tensor) -> Tensor:
        """The picture that an output stands for; see `Task.render`."""
        return self.task.render(source, output) if self.direction == "forward" else output

    def baseline(self, source: Tensor) -> Tensor:
        """The picture without any restoration; see `Task.baseline`."""
        return self.task.baseline(source) if self.direction == "forward" else source


def held_out_pairs(data: DataModule, split: str, seed: int, direction: str = "forward") -> HeldOutPairs:
    """The pairs of a data module's `split`.

    Raises:
        ConfigError: the data have no task, or no such split.
        DataError: the split has no pictures.
    """
    if data.task is None:
        raise ConfigError(f"data={data.name} has no pairs without a task, such as task=super_resolution")
    return HeldOutPairs(data.examples(split), data.task, seed, direction)
