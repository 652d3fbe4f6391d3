"""From noise to a picture that shows its condition, with classifier-free guidance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from gansmith.diffusion.guidance import dynamic_threshold, guided
from gansmith.diffusion.loss import UNIFORM, diffusion_loss
from gansmith.diffusion.sampler import Known, Sampler
from gansmith.diffusion.times import Times
from gansmith.noise import Draws

Self = TypeVar("Self", bound="Condition")


class Condition(Protocol):
    """What n pictures are to show."""

    def followed_by(self: Self, other: Self) -> Self:
        """These n, and those of `other` behind them."""
        ...


Network = Callable[..., Tensor]
"""Noisy pictures (n, C, S, S), times (n,) and a Condition of n to predictions."""


@dataclass(frozen=True)
class Drawing:
    """What training and sampling of a network that draws have in common.

    Args:
        sampler: schedule, kind of prediction and steps.
        guidance: weight w of sampling (Ho & Salimans, 2022, arXiv:2207.12598); 1 leaves it out.
        threshold: share of values that dynamic thresholding leaves alone (Imagen, arXiv:2205.11487, section 2.3).
        times: those that training draws.
    """

    sampler: Sampler
    guidance: float = 3.0
    threshold: float = 0.95
    times: Times = UNIFORM

    def loss(self, network: Network, clean: Tensor, condition: Condition, draws: Draws) -> Tensor:
        """See `diffusion_loss`; `clean` is (n, C, S, S) in [-1, 1]."""
        sampler = self.sampler
        return diffusion_loss(
            lambda noisy, time: network(noisy, time, condition),
            clean,
            sampler.schedule,
            sampler.kind,
            draws,
            self.times,
        )

    def sample(
        self,
        network: Network,
        shape: tuple[int, ...],
        condition: Condition,
        opposite: Condition,
        draws: Draws,
        guidance: float | None = None,
        known: Known | None = None,
        steps: int | None = None,
    ) -> Tensor:
        """Pictures of `shape`, (n, C, S, S), in [-1, 1].

        Args:
            condition: what the n pictures show.
            opposite: n conditions that guidance leads away from.
            guidance: in place of the drawing's own.
            known: a picture to begin with.
            steps: calls of the network, in place of the sampler's.
        """
        weight = self.guidance if guidance is None else guidance
        denoise = with_guidance(network, condition, opposite, weight)

        def limit(clean: Tensor) -> Tensor:
            return dynamic_threshold(clean, self.threshold)

        return with_steps(self.sampler, steps).sample(denoise, shape, draws, limit, known).clamp(-1, 1)


def with_guidance(
    network: Network, condition: Self, opposite: Self, weight: float
) -> Callable[[Tensor, Tensor], Tensor]:
    """The network under a condition: (n, ...) and times (n,) to predictions that lead away from `opposite`."""
    if weight == 1:
        return lambda noisy, time: network(noisy, time, condition)
    both = condition.followed_by(opposite)

    def predict(noisy: Tensor, time: Tensor) -> Tensor:
        conditional, unconditional = network(torch.cat([noisy, noisy]), time.repeat(2), both).chunk(2)
        return guided(conditional, unconditional, weight)

    return predict


def with_steps(sampler: Sampler, steps: int | None) -> Sampler:
    """The same sampler, with other steps if any are asked for."""
    return sampler if steps is None else replace(sampler, steps=steps)


def levels(draws: Draws, rows: int) -> Tensor:
    """Uniform numbers in [0, 1), (rows,)."""
    return draws.uniform(rows, 1).flatten()


def kept(draws: Draws, rows: int, drop: float, like: Tensor) -> Tensor:
    """Which conditions training keeps: bool (rows,), each False with the chance `drop`."""
    return torch.ge(levels(draws, rows), drop).to(like.device)
