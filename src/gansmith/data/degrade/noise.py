"""Noise of sensors, with a strength for each picture of a batch."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.data.degrade.lab import luma


def gaussian(images: Tensor, white: Tensor, sigma: Tensor, grey: Tensor | None = None) -> Tensor:
    """Pictures with additive noise, clamped to [-1, 1].

    Args:
        images: (n, C, h, w) in [-1, 1].
        white: standard normal draws of the same shape.
        sigma: (n,) standard deviations in levels of 255.
        grey: (n,) booleans: whether all channels of the picture share the noise of the first.
    """
    noise = white if grey is None else _shared(white, white[:, :1], grey)
    return (images + noise * sigma[:, None, None, None] / 127.5).clamp(-1, 1)


def poisson(images: Tensor, white: Tensor, scale: Tensor, grey: Tensor) -> Tensor:
    """Pictures with the noise of counted light, `scale` times as strong, clamped to [-1, 1].

    A level of 255 is taken as one count, so that the variance of a pixel of level v is v scale^2. The counts
    are not Poisson's but normal with his mean and variance: draws that belong to rows, on whatever device,
    are made in a fixed number; from some 10 counts on the two are hard to tell apart.

    Args:
        images: (n, C, h, w) in [-1, 1], C 1 or 3.
        white: standard normal draws of the same shape.
        scale: (n,) factors of the noise.
        grey: (n,) booleans: whether all channels share the noise, which then follows the luma.
    """
    deviation = _deviation(images) * white
    noise = _shared(deviation, _deviation(luma(images)) * white[:, :1], grey)
    return (images + noise * scale[:, None, None, None]).clamp(-1, 1)


def _deviation(images: Tensor) -> Tensor:
    """The square root of the counts, in units of [-1, 1]."""
    return images.add(1).clamp(min=0).mul(127.5).sqrt().div(127.5)


def _shared(own: Tensor, common: Tensor, grey: Tensor) -> Tensor:
    return torch.where(grey[:, None, None, None], common, own)
