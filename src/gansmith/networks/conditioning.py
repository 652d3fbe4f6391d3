"""Class labels as further inputs (Mirza & Osindero, 2014, arXiv:1411.1784)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot


def concatenate_label(inputs: Tensor, label: Tensor | None, classes: int) -> Tensor:
    """`inputs` with the one-hot label as further features or as further constant channels.

    Args:
        inputs: (n, d) or (n, C, H, W).
        label: (n,) int64 in [0, classes), or None where `classes` is 0.
        classes: 0 returns `inputs` as they are.

    Returns:
        (n, d + classes) or (n, C + classes, H, W).

    Raises:
        ValueError: a network with classes was called without labels.
    """
    if not classes:
        return inputs
    if label is None:
        raise ValueError(f"this network is conditioned on {classes} classes and needs a label")
    condition = one_hot(label, classes).to(inputs.dtype)
    if inputs.ndim == 4:
        condition = condition[:, :, None, None].expand(-1, -1, *inputs.shape[2:])
    return torch.cat([inputs, condition], dim=1)
