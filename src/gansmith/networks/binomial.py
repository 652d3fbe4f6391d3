"""Resampling with a binomial filter: [1, 2, 1] or [1, 3, 3, 1] in both directions.

A linear filter's derivatives of any order are filters too. Said so, all of them are convolutions forward, where
autograd would have a convolution's backward pass: for one filter to each channel that is slow, the second time most.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import conv2d


def filtered(features: Tensor, taps: int, padding: int, up: int = 1, down: int = 1, gain: float = 1.0) -> Tensor:
    """Zeros between the pixels and beyond the edges, the filter, and every `down`-th pixel of what comes out.

    Args:
        features: (n, c, h, w).
        taps: 3 or 4, the side of the filter.
        padding: zeros beyond each edge.
        up: pixels from one of `features` to the next.
        down: the filter, with the padding, reaches exactly to the last edge.
        gain: what the filter sums to.
    """
    return _Filter.apply(features, taps, padding, up, down, gain)


class _Filter(torch.autograd.Function):
    """The filter is symmetric, so its adjoint is itself, with steps up for steps down."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, taps: int, padding: int, up: int, down: int, gain: float) -> Tensor:
        ctx.adjoint = (taps, taps - 1 - padding, down, up, gain)
        kernel = (_kernel(taps, features) * gain).expand(features.shape[1], 1, -1, -1)
        return conv2d(_spread(features, up), kernel, stride=down, padding=padding, groups=features.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return (_Filter.apply(*gradients, *ctx.adjoint), *[None] * 5)


def _kernel(taps: int, like: Tensor) -> Tensor:
    """Binomial coefficients for 3 or 4 taps, filled in on the device: a copy to it would make each step wait."""
    line = like.new_full((taps,), 2.0 ** (1 - taps))
    line[1:-1] *= taps - 1
    return torch.outer(line, line)


def _spread(features: Tensor, up: int) -> Tensor:
    if up == 1:
        return features
    rows, channels, height, width = features.shape
    is_last = features.is_contiguous(memory_format=torch.channels_last)
    spread = torch.empty(
        (rows, channels, up * (height - 1) + 1, up * (width - 1) + 1),
        dtype=features.dtype,
        device=features.device,
        memory_format=torch.channels_last if is_last else torch.contiguous_format,
    ).zero_()
    spread[..., ::up, ::up] = features
    return spread
