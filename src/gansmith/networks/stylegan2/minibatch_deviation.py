"""Minibatch standard deviation (Karras et al., 2018, arXiv:1710.10196, section 3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MinibatchDeviation(nn.Module):
    """One more channel: how much the pictures of a group differ, on average over features and places.

    A group is neighbours in the batch, so that groups stay what they are where a batch is divided among processes or
    chunks. Where its size does not divide the batch, the largest smaller one that does is taken.

    Args:
        group: pictures of a group.
    """

    def __init__(self, group: int) -> None:
        super().__init__()
        self.group = group

    def forward(self, features: Tensor) -> Tensor:
        """(n, c, s, s) to (n, c + 1, s, s)."""
        size = next(size for size in range(min(self.group, len(features)), 0, -1) if len(features) % size == 0)
        # The root has no derivative at zero, where groups of one are, and half precision loses what keeps off it.
        grouped = features.to(torch.promote_types(features.dtype, torch.float32)).unflatten(0, (-1, size))
        deviation = (grouped.var(1, correction=0) + 1e-8).sqrt().mean((1, 2, 3))
        channel = deviation.repeat_interleave(size)[:, None, None, None].expand(-1, -1, *features.shape[2:])
        return torch.cat([features, channel.to(features.dtype)], dim=1)
