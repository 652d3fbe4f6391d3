"""What goes wrong with a picture's tones and colours: one factor a row."""

from __future__ import annotations

from torch import Tensor

from gansmith.data.degrade.lab import luma


def expose(images: Tensor, gain: Tensor, gamma: Tensor) -> Tensor:
    """gain * v ** gamma of values v in [0, 1], clipped as a camera clips.

    Args:
        images: (n, C, h, w) in [-1, 1], as in all functions here.
        gain, gamma: (n,), above 0; a gamma above 1 is darker.
    """
    values = images.add(1).div(2).clamp(min=0).pow(_each(gamma)).mul(_each(gain))
    return values.clamp(max=1).mul(2).sub(1)


def contrast(images: Tensor, factor: Tensor) -> Tensor:
    """Differences to mid grey times `factor` (n,), clipped."""
    return (images * _each(factor)).clamp(-1, 1)


def saturate(images: Tensor, factor: Tensor) -> Tensor:
    """Differences to the pixel's own grey times `factor` (n,), clipped: 0 leaves no colour."""
    grey = luma(images)
    return (grey + (images - grey) * _each(factor)).clamp(-1, 1)


def cast(images: Tensor, stops: Tensor) -> Tensor:
    """Light of another colour: channel c times 2 ** stops[c], `stops` (n, C) less their mean; clipped."""
    gains = (stops - stops.mean(1, keepdim=True)).exp2()[:, :, None, None]
    return images.add(1).mul(gains).sub(1).clamp(max=1)


def _each(factor: Tensor) -> Tensor:
    return factor[:, None, None, None]
