"""Resampling by two behind a low-pass filter (Zhang, 2019, arXiv:1904.11486), as CUT has it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, pad


def _kernel(taps: Sequence[float], gain: float) -> Tensor:
    line = torch.tensor(taps)
    line = line / line.sum()
    return (gain * torch.outer(line, line))[None, None]


class BlurDown(nn.Module):
    """Half the side: mirrored edges, [1, 2, 1] in both directions, every second pixel."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", _kernel([1, 2, 1], gain=1.0), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(n, c, h, w) to (n, c, h / 2, w / 2)."""
        width = features.shape[1]
        padded = pad(features, (1, 1, 1, 1), mode="reflect")
        return conv2d(padded, self.kernel.expand(width, -1, -1, -1), stride=2, groups=width)


class BlurUp(nn.Module):
    """Twice the side: repeated edges, zeros between the pixels, [1, 3, 3, 1] in both directions."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", _kernel([1, 3, 3, 1], gain=4.0), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(n, c, h, w) to (n, c, 2 h, 2 w)."""
        width = features.shape[1]
        padded = pad(features, (1, 1, 1, 1), mode="replicate")
        return conv_transpose2d(padded, self.kernel.expand(width, -1, -1, -1), stride=2, padding=3, groups=width)
