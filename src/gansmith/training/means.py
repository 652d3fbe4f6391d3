"""Means of what is watched, kept on the device until somebody looks."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch.strategies import Strategy
from torch import Tensor

from gansmith.training.distributed import gather_objects, rank, world_size


class RunningMeans:
    """Sums by name since the last look, so that adding one never waits for the device."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, name: str, value: Tensor) -> None:
        """Adds the mean of `value` (any shape)."""
        value = value.detach()
        value = value.mean() if value.ndim else value
        self._sums[name] = self._sums[name] + value if name in self._sums else value
        self._counts[name] = self._counts.get(name, 0) + 1

    def take(self, strategy: Strategy) -> dict[str, float]:
        """The means, over ranks too, by sorted names; what was added is forgotten. Waits for the device once."""
        names = sorted(self._sums)
        if not names:
            return {}
        means = torch.stack([self._sums[name].float() / self._counts[name] for name in names])
        self._sums, self._counts = {}, {}
        return dict(zip(names, strategy.reduce(means, reduce_op="mean").tolist()))

    def state(self) -> list[dict[str, Any]]:
        """What each rank has added so far, for a checkpoint; collective."""
        sums = {name: value.cpu() for name, value in self._sums.items()}
        return gather_objects({"sums": sums, "counts": dict(self._counts)})

    def restore(self, state: list[dict[str, Any]], device: torch.device) -> None:
        """Takes up `state`, unless it is of another number of ranks."""
        if len(state) == world_size():
            own = state[rank()]
            self._sums = {name: value.to(device) for name, value in own["sums"].items()}
            self._counts = dict(own["counts"])
