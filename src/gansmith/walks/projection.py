"""The code of a picture, by descent (Karras et al., 2020, arXiv:1912.04958, appendix D)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.optim import Adam

from gansmith.noise import Draws

RATE = 0.1
RAMP_UP, RAMP_DOWN = 0.05, 0.25
"""Shares of the steps in which the learning rate rises from zero, and falls to zero."""
NOISE, NOISY = 0.05, 0.75
"""Of the codes' deviation, at the start; and the share of the steps until there is no more."""


def project(
    loss: Callable[[Tensor], Tensor], start: Tensor, deviation: Tensor, draws: Draws, steps: Iterable[int], total: int
) -> Tensor:
    """Codes (n, ...) that make the losses small, found by Adam from `start` (n, ...), each by itself.

    Codes are disturbed by normal noise that vanishes as steps go by, so that the whole neighbourhood of the start is
    looked at first.

    Args:
        loss: codes to losses (n,).
        start: the mean of codes.
        deviation: (n, 1, ...), the root of their mean squared distance from it.
        draws: of the noise.
        steps: 0, 1, ... total - 1.
        total: how many steps there are.
    """
    code = start.clone().requires_grad_()
    adam = Adam([code])
    for step in steps:
        share = (step + 0.5) / total
        adam.param_groups[0]["lr"] = learning_rate(share)
        noise = noise_strength(share) * deviation * draws.normal(len(code), *code.shape[1:])
        # Nothing of the generator gets a gradient.
        (code.grad,) = torch.autograd.grad(loss(code + noise).sum(), [code])
        adam.step()
    return code.detach()


def learning_rate(share: float) -> float:
    """At a `share` of the steps: a linear rise, RATE, and the fall of a cosine."""
    fall = min(1.0, (1 - share) / RAMP_DOWN)
    return RATE * min(1.0, share / RAMP_UP) * (0.5 - 0.5 * math.cos(math.pi * fall))


def noise_strength(share: float) -> float:
    """At a `share` of the steps, in units of the codes' deviation: NOISE t², for t from 1 to 0."""
    return NOISE * max(0.0, 1 - share / NOISY) ** 2
