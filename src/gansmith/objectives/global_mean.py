"""A mean over all processes that gradients flow through."""

from __future__ import annotations

from typing import Any

import torch.distributed as dist
from torch import Tensor
from torch.autograd import Function

from gansmith.ranks import answers


def global_mean(values: Tensor) -> Tensor:
    """The mean of each process's `values` (any shape, the same everywhere), one message forward and one back.

    Where each process has a loss of its own and gradients are averaged over processes afterwards, the outcome
    is the gradient of the mean loss: every process's loss also sees the values of the others.

    Raises:
        RankError: another process does not answer.
    """
    return _Averaged.apply(values) if dist.is_available() and dist.is_initialized() else values


class _Averaged(Function):
    """Its own adjoint, as an average over processes is a symmetric matrix."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return _average(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _average(gradient)


def _average(values: Tensor) -> Tensor:
    total = values.detach().clone()
    with answers():
        dist.all_reduce(total)
    return total / dist.get_world_size()
