"""Contrastive learning of pairs over the batch of all processes (CLIP: Radford et al., 2021, arXiv:2103.00020)."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn.functional import cross_entropy

from gansmith.ranks import answers


def info_nce(image: Tensor, text: Tensor, scale: Tensor | float) -> Tensor:
    """Cross-entropy of finding a picture's caption among all captions and a caption's picture among all pictures.

    The mean of both (section 2.3, figure 3). Where several processes each have a slice of the batch, every one gets
    the loss of its own rows against all; averaged over processes, loss and gradients are those of the whole batch.

    Args:
        image: (n, d), of length 1; as many on every process.
        text: (n, d), of length 1; row i belongs to row i of `image`.
        scale: what cosines are multiplied by, 1 / temperature.

    Raises:
        RankError: another process does not answer.
    """
    first = len(image) * dist.get_rank() if _are_several() else 0
    own = torch.arange(first, first + len(image), device=image.device)
    to_texts, to_images = image @ _rows_of_all(text).T, text @ _rows_of_all(image).T
    return (cross_entropy(scale * to_texts, own) + cross_entropy(scale * to_images, own)) / 2


def _are_several() -> bool:
    return dist.is_available() and dist.is_initialized()


def _rows_of_all(rows: Tensor) -> Tensor:
    """The rows (n, d) of each process, in their order, (processes * n, d); gradients flow back to where they are."""
    gathered: Tensor = _Gathered.apply(rows) if _are_several() else rows
    return gathered


class _Gathered(Function):
    """Its adjoint sums over processes what their losses say about the rows of this one."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        parts = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(dist.get_world_size())]
        with answers():
            dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.contiguous().clone()
        with answers():
            dist.all_reduce(total)
        return total.chunk(dist.get_world_size())[dist.get_rank()]
