"""What all data modules share: the task that makes pairs of their pictures, on the device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch import LightningDataModule

from gansmith.data.examples import Examples
from gansmith.data.tasks.task import Task
from gansmith.errors import ConfigError
from gansmith.noise import Noise, mix_seed
from gansmith.ranges import to_unit_range


class DataModule(LightningDataModule):
    """Base of the data modules.

    name: what results call the set.
    batch_size: the global batch, divided among the processes.
    paired: whether the pictures of a sample belong together.
    seed: of the order of the training pictures, their augmentation, and the task's random numbers.
    task: derives `source` and `target` from the fields; None for plain pictures.
    """

    name: str
    batch_size: int
    paired: bool = True
    seed: int
    task: Task | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The names in a batch of the loader."""
        raise NotImplementedError

    @property
    def shapes(self) -> Mapping[str, tuple[int, int, int]]:
        """Channels, height and width of the pictures in a batch of the loader, by field."""
        raise NotImplementedError

    @property
    def gives(self) -> tuple[str, ...]:
        """The names in a batch that a model gets."""
        derived = () if self.task is None else ("source", "target")
        return tuple(dict.fromkeys((*self.fields, *derived)))

    def examples(self, split: str) -> Examples:
        """The whole pictures of `train` or `test`. Raises ConfigError for another name, DataError without any."""
        raise NotImplementedError

    def set_task(self, task: Task) -> None:
        """Derive pairs from now on. Raises ConfigError if the task needs what the data do not have."""
        if missing := [field for field in task.needs if field not in self.fields]:
            hint = "task=given takes them as they are" if "source" in self.fields else "choose another task"
            raise ConfigError(
                f"the task needs {', '.join(missing)}, and data={self.name} gives {', '.join(self.fields)}; {hint}"
            )
        self.task = task

    def blank(self) -> dict[str, Any]:
        """A batch of one grey sample, as a model gets it: the channels and sizes of every batch, and no data read.

        Raises ConfigError for pictures that the task would cut to multiples of its scale.
        """
        fields = {name: torch.zeros(1, *shape) for name, shape in self.shapes.items()}
        if self.task is None:
            return fields
        pictures = {name: fields[name] for name in self.task.needs}
        pair = self.task.derive(pictures, Noise(self.seed, 1, 0, torch.float32))
        side = fields[self.task.needs[-1]].shape[-1]
        if pair["target"].shape[-1] != side:
            raise ConfigError(f"data.resolution={side} must be a multiple of task.scale={self.task.scale}")
        return {**fields, **pair}

    def on_after_batch_transfer(self, batch: dict[str, Any], dataloader_idx: int) -> dict[str, Any]:
        """The loader's fields and what the task derives from them, as a function of (seed, step) alone."""
        if self.task is None or self.trainer is None:
            return batch
        step, rank, world = self.trainer.global_step, self.trainer.global_rank, self.trainer.world_size
        fields = {name: to_unit_range(batch[name]) for name in self.task.needs}
        first = fields[self.task.needs[0]]
        rows = len(first)
        draws = Noise(mix_seed(self.seed, step, "task"), rows * world, rank * rows, first.dtype, first.device)
        with torch.no_grad():
            return {**batch, **self.task.derive(fields, draws)}
