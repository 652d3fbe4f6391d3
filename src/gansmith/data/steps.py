"""What every training loader is: an endless stream in which a batch is a function of (seed, step) alone.

Nothing about it has to be saved: a run that resumes at step k asks for batch k. Ranks see slices of the same
global batch, so neither their number nor the number of workers changes what is trained on.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from gansmith.errors import ConfigError, DataError

Batch = dict[str, Any]
"""Tensors by name, and what else belongs to the rows, such as a list of captions."""


class StepStream:
    """Batches from step `start` on, without end; a subclass says what the batch of a step is.

    batch_size: B, the global batch; each of `world_size` ranks takes a contiguous B / world_size of it.
    workers: processes that make batches ahead.
    pin_memory: put batches where a GPU can fetch them without the step waiting.
    Raises ConfigError if the batch does not divide among the ranks.
    """

    def __init__(
        self,
        batch_size: int,
        rank: int = 0,
        world_size: int = 1,
        start: int = 0,
        workers: int = 0,
        pin_memory: bool = False,
    ) -> None:
        if batch_size % world_size:
            raise ConfigError(f"data.batch_size={batch_size} does not divide among {world_size} processes")
        self.batch_size = batch_size
        self.rank = rank
        self.world_size = world_size
        self.start = start
        self.workers = workers
        self.pin_memory = pin_memory
        self.waited = 0.0
        self._first: float | None = None

    def batch(self, step: int) -> Batch:
        """This rank's part of the batch of `step`."""
        raise NotImplementedError

    @property
    def rows(self) -> slice:
        """This rank's rows of a global batch."""
        share = self.batch_size // self.world_size
        return slice(self.rank * share, (self.rank + 1) * share)

    @property
    def elapsed(self) -> float:
        """Seconds since the first batch was asked for; `waited` of them were spent inside the stream."""
        return 0.0 if self._first is None else time.perf_counter() - self._first

    def __iter__(self) -> Iterator[Batch]:
        batches = self._made_ahead() if self.workers else self._made_here()
        while True:
            begin = time.perf_counter()
            self._first = begin if self._first is None else self._first
            batch = next(batches)
            self.waited += time.perf_counter() - begin
            yield batch

    def _made_here(self) -> Iterator[Batch]:
        for batch in map(self.batch, itertools.count(self.start)):
            yield {name: _pinned(value) for name, value in batch.items()} if self.pin_memory else batch

    def _made_ahead(self) -> Iterator[Batch]:
        loader = DataLoader(
            _Steps(self),
            batch_size=None,
            sampler=itertools.count(self.start),
            num_workers=self.workers,
            pin_memory=self.pin_memory,
            # Workers are seeded from this one; the global generator belongs to the model.
            generator=torch.Generator(),
        )
        for batch in loader:
            if isinstance(batch, DataError):
                raise batch
            yield batch


class _Steps(Dataset):
    """A stream as a map from step to batch, for worker processes."""

    def __init__(self, stream: StepStream) -> None:
        self.stream = stream

    def __getitem__(self, step: int) -> Batch | DataError:
        # Handed over as a value: raised in a worker, it would come back as a page of traceback.
        try:
            return self.stream.batch(step)
        except DataError as error:
            return error


def _pinned(value: Any) -> Any:
    return value.pin_memory() if isinstance(value, Tensor) else value


def part_for(trainer: Any) -> dict[str, Any]:
    """The arguments of the stream that a process of `trainer` gets: its rows, from the trainer's step on.

    trainer: Lightning's, or None for the whole stream.
    """
    if trainer is None:
        return {}
    return {
        "rank": trainer.global_rank,
        "world_size": trainer.world_size,
        "start": trainer.global_step,
        "pin_memory": trainer.strategy.root_device.type == "cuda",
    }
