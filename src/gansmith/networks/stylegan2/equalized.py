"""Layers with an equalised learning rate (Karras et al., 2018, arXiv:1710.10196, section 4.1).

Weights are stored as N(0, 1) and divided where they are used by the root of the fan-in, so that Adam, whose steps
know no scale, moves all layers equally fast.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, leaky_relu, linear

from gansmith.networks.stylegan2.resampling import blurred, halved

SLOPE = 0.2


def activated(features: Tensor) -> Tensor:
    """Leaky ReLU, times √2: the second moment stays about what it was."""
    return leaky_relu(features, SLOPE) * math.sqrt(2)


class EqualizedLinear(nn.Module):
    """W x / √inputs + b.

    Args:
        inputs: size in.
        outputs: size out.
        bias: what b starts from.
        rate: learning rate relative to that of other layers; 0.01 in the mapping (arXiv:1812.04948, appendix C).
    """

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.scale, self.rate = rate / math.sqrt(inputs), rate

    def forward(self, features: Tensor) -> Tensor:
        """(n, inputs) to (n, outputs)."""
        return linear(features, self.weight * self.scale, self.bias * self.rate)


class EqualizedConv2d(nn.Module):
    """A convolution by W / √(width · kernel²), which keeps the side or halves it.

    Args:
        width: channels in.
        following: channels out.
        kernel: side of the kernel, odd.
        bias: whether there is one; it starts from 0.
        down: halve the side, behind a low-pass filter.
    """

    def __init__(self, width: int, following: int, kernel: int, bias: bool = True, down: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(following, width, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(following)) if bias else None
        self.scale, self.padding, self.down = 1 / math.sqrt(width * kernel**2), kernel // 2, down

    def forward(self, features: Tensor) -> Tensor:
        """(n, width, s, s) to (n, following, s, s), or to half the side."""
        weight = self.weight * self.scale
        if self.down and not self.padding:
            # One pixel in, one out: only every second one is filtered.
            return conv2d(halved(features), weight, self.bias)
        if self.down:
            return conv2d(blurred(features, self.padding + 1), weight, self.bias, stride=2)
        return conv2d(features, weight, self.bias, padding=self.padding)
