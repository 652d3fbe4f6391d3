"""What the metrics need of torch.distributed; with one process it is not touched."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from gansmith.ranks import answers

T = TypeVar("T")


def rank_and_world() -> tuple[int, int]:
    """This process's number and the number of processes."""
    if not _initialised():
        return 0, 1
    return dist.get_rank(), dist.get_world_size()


def communication_device(device: torch.device) -> torch.device:
    """Where tensors must lie to travel between processes: NCCL sends from the GPU, gloo from memory."""
    if _initialised() and "nccl" in dist.get_backend():
        return device
    return torch.device("cpu")


def from_rank_zero(compute: Callable[[], T], device: torch.device) -> T:
    """What `compute` returns or raises on rank 0, on every rank; the others do not call it.

    So an error on rank 0 is an error everywhere, and nobody waits for a process that has stopped.
    """
    rank, world = rank_and_world()
    if world == 1:
        return compute()
    outcome: list[Any] = [None, None]
    if rank == 0:
        try:
            outcome[0] = compute()
        except Exception as error:
            outcome[1] = error
    with answers():
        dist.broadcast_object_list(outcome, src=0, device=communication_device(device))
    if outcome[1] is not None:
        raise outcome[1]
    return outcome[0]


def _initialised() -> bool:
    return dist.is_available() and dist.is_initialized()
