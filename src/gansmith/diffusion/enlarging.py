"""From a small picture to a larger one that looks like it (Imagen: Saharia et al., 2022, arXiv:2205.11487)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor
from torch.nn.functional import interpolate

from gansmith.diffusion.drawing import levels, with_steps
from gansmith.diffusion.loss import diffusion_loss
from gansmith.diffusion.sampler import Known, Sampler
from gansmith.diffusion.schedule import alpha_sigma
from gansmith.errors import ConfigError
from gansmith.noise import Draws

RESIDUAL_SCALE = 4.0
"""What a picture has beyond its enlarged self is small; times this, its variance is about that of the noise."""

Network = Callable[..., Tensor]
"""Noisy residuals (n, C, S, S) and times (n,), the enlarged picture as `beside` and its `level` to predictions."""


@dataclass(frozen=True)
class Enlarging:
    """Draws what the larger picture has beyond the enlarged one, which the network sees with noise of a known level.

    That is noise conditioning augmentation (section 2.5): what draws the small picture makes faults that a network
    which has seen only real ones would keep.

    Args:
        sampler: schedule, kind of prediction and steps; there is no guidance.
        level: time of the noise in the enlarged picture when sampling, in [0, 1); training draws it from there.

    Raises:
        ConfigError: another level.
    """

    sampler: Sampler
    level: float = 0.2

    def __post_init__(self) -> None:
        if not 0 <= self.level < 1:
            raise ConfigError(f"model.enlarging.level is {self.level}; it is from 0 on and below 1")

    def loss(self, network: Network, clean: Tensor, below: int, draws: Draws) -> Tensor:
        """Of real pictures (n, C, S, S) in [-1, 1], which are to be drawn from their reductions to the side `below`."""
        given = enlarged(reduced(clean, below), clean.shape[-1])
        level = levels(draws, len(clean))
        beside = self._hidden(given, level, draws)
        return diffusion_loss(
            lambda noisy, time: network(noisy, time, beside=beside, level=level),
            RESIDUAL_SCALE * (clean - given),
            self.sampler.schedule,
            self.sampler.kind,
            draws,
        )

    def sample(
        self,
        network: Network,
        small: Tensor,
        size: int,
        draws: Draws,
        known: Known | None = None,
        steps: int | None = None,
        level: float | None = None,
    ) -> Tensor:
        """(n, C, s, s) to (n, C, size, size), both in [-1, 1].

        Args:
            known: a picture of the larger side; what of it is to stay, does. Its strength was the small picture's.
            steps: calls of the network, in place of the sampler's.
            level: in place of its own; 0 for small pictures without faults.
        """
        given = enlarged(small, size)
        times = given.new_full((len(given),), self.level if level is None else level)
        beside = self._hidden(given, times, draws)
        if known is not None:
            known = _beyond(known, given)
        added = with_steps(self.sampler, steps).sample(
            lambda noisy, time: network(noisy, time, beside=beside, level=times),
            tuple(given.shape),
            draws,
            lambda residual: RESIDUAL_SCALE * ((given + residual / RESIDUAL_SCALE).clamp(-1, 1) - given),
            known,
        )
        return (given + added / RESIDUAL_SCALE).clamp(-1, 1)

    def _hidden(self, given: Tensor, level: Tensor, draws: Draws) -> Tensor:
        alpha, sigma = alpha_sigma(self.sampler.schedule, level, given.ndim)
        return alpha * given + sigma * draws.normal(*given.shape)


def _beyond(known: Known, given: Tensor) -> Known | None:
    """What the part that stays has beyond the enlarged picture.

    To begin from the rest as well would bring back the outlines of what is no longer in the small picture.
    """
    if known.strength and known.mask is None:
        return None
    return replace(known, picture=RESIDUAL_SCALE * (known.picture - given), strength=1.0 if known.strength else 0.0)


def reduced(picture: Tensor, size: int) -> Tensor:
    """(n, C, S, S) to (n, C, size, size): means over squares."""
    return picture if picture.shape[-1] == size else interpolate(picture, (size, size), mode="area")


def enlarged(picture: Tensor, size: int) -> Tensor:
    """(n, C, s, s) to (n, C, size, size), bicubic."""
    return interpolate(picture, (size, size), mode="bicubic", align_corners=False)


def known_at(size: int, picture: Tensor, strength: float, mask: Tensor | None, rows: int) -> Known:
    """What is known of a picture, at a smaller side.

    Args:
        size: the side.
        picture: (n, C, S, S) or (1, C, S, S) in [-1, 1].
        strength: as in `Known`.
        mask: (S, S), 1 where the picture is drawn anew; None for all of it.
        rows: n.
    """
    part = None if mask is None else reduced(mask.to(picture)[None, None], size)[0, 0]
    return Known(reduced(picture, size).expand(rows, -1, -1, -1), strength, part)
