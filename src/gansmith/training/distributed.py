"""Several processes: one set of weights, gradients of one side at a time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from lightning.pytorch.strategies import DDPStrategy
from torch import Tensor, nn
from torch._utils import _flatten_dense_tensors, _unflatten_dense_tensors

from gansmith.ranks import answers

T = TypeVar("T")


class AlternatingDDPStrategy(DDPStrategy):
    """Distributed data parallel training for networks that step in turn.

    DistributedDataParallel expects every parameter to get a gradient in every backward pass, which
    alternation breaks by design. Here the model stays unwrapped: weights are made equal once, and the
    model averages the gradients of the side that steps (`average_gradients`) after its last backward
    pass, so that penalties, accumulation and any number of passes are right and only that side's
    bytes travel.
    """

    def configure_ddp(self) -> None:
        assert isinstance(self.model, nn.Module)
        broadcast_tensors([*self.model.parameters(), *self.model.buffers()])

    def barrier(self, *args: Any, **kwargs: Any) -> None:
        with answers():
            super().barrier(*args, **kwargs)

    def broadcast(self, obj: T, src: int = 0) -> T:
        with answers():
            return super().broadcast(obj, src)

    def reduce(self, tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        with answers():
            return super().reduce(tensor, *args, **kwargs)


def world_size() -> int:
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


@torch.no_grad()
def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replaces each gradient by its mean over all ranks, in one message a floating type."""
    if world_size() == 1:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    for same_type in _by_type(gradients):
        flat = _flatten_dense_tensors(same_type)
        with answers():
            dist.all_reduce(flat)
        flat /= world_size()
        torch._foreach_copy_(same_type, list(_unflatten_dense_tensors(flat, same_type)))


@torch.no_grad()
def broadcast_tensors(tensors: Iterable[Tensor]) -> None:
    """Gives every rank the values of rank 0, in one message a type."""
    if world_size() == 1:
        return
    for same_type in _by_type([tensor.detach() for tensor in tensors]):
        flat = _flatten_dense_tensors(same_type)
        with answers():
            dist.broadcast(flat, src=0)
        torch._foreach_copy_(same_type, list(_unflatten_dense_tensors(flat, same_type)))


@torch.no_grad()
def all_gather(rows: Tensor) -> Tensor:
    """The rows of all ranks, in the ranks' order, on every rank; each rank gives as many."""
    if world_size() == 1:
        return rows
    rows = rows.contiguous()
    gathered = [torch.empty_like(rows) for _ in range(world_size())]
    with answers():
        dist.all_gather(gathered, rows)
    return torch.cat(gathered)


def gather_objects(value: T) -> list[T]:
    """The `value` of each rank, in their order, on every rank; tensors in it should lie in memory."""
    gathered = [value] * world_size()
    if world_size() > 1:
        with answers():
            dist.all_gather_object(gathered, value)
    return gathered


def _by_type(tensors: list[Tensor]) -> list[list[Tensor]]:
    ordered = sorted(tensors, key=lambda tensor: str(tensor.dtype))
    return [list(group) for _, group in groupby(ordered, key=lambda tensor: tensor.dtype)]
