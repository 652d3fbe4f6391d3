"""Pictures as bytes and as what networks see."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def to_unit_range(value: Any) -> Any:
    """uint8 pictures to floats in [-1, 1]; everything else as it is."""
    if isinstance(value, Tensor) and value.dtype == torch.uint8:
        return value.to(torch.get_default_dtype()).div_(127.5).sub_(1.0)
    return value


def to_uint8(images: Tensor) -> Tensor:
    """Floats in [-1, 1] to the nearest of 0, ..., 255; the inverse of `to_unit_range`."""
    return images.float().add(1.0).mul(127.5).round().clamp(0, 255).to(torch.uint8)
