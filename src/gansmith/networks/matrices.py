"""Linear layers as matrices."""

from __future__ import annotations

import torch
from torch import Tensor, nn


@torch.no_grad()
def matrix_of(layer: nn.Module) -> Tensor:
    """The matrix (outputs, inputs) that an affine layer multiplies by, whatever it makes it of its weights.

    Args:
        layer: (n, inputs) to (n, outputs), with a `weight` of (outputs, inputs).
    """
    weight = layer.weight
    assert isinstance(weight, Tensor)
    unit = torch.eye(weight.shape[1], dtype=weight.dtype, device=weight.device)
    return (layer(unit) - layer(torch.zeros_like(unit[:1]))).t()
