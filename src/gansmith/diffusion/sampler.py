"""From noise, or from a picture with noise, to a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from gansmith.diffusion.loss import Denoiser
from gansmith.diffusion.prediction import check_kind, clean_of, noise_of
from gansmith.diffusion.schedule import Schedule, alpha_sigma
from gansmith.errors import ConfigError
from gansmith.noise import Draws

RESAMPLED = 5
"""How often each step is taken where a part of the picture stays. The drawn part learns of that part only from one step
to the next: of two numbers with correlation 0.9, what is drawn for the second follows the first with 0.6 if each step
is taken once, 0.84 if five times, and 0.87 if ten times, as in RePaint (25 steps)."""

Limit = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Known:
    """A picture to begin with, or to keep a part of.

    picture: (n, ...).
    strength: the time at which it is begun from, as far as noise hides it: 1 keeps nothing of it (SDEdit: Meng et al.,
        2022, arXiv:2108.01073), 0 everything.
    mask: broadcasts to the picture; 1 where it is drawn anew, 0 where it stays. None draws all of it anew.
    """

    picture: Tensor
    strength: float = 1.0
    mask: Tensor | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise ConfigError(f"strength={self.strength}: it is from 0 (the picture stays) to 1")


@dataclass(frozen=True)
class Sampler:
    """DDIM (Song et al., 2021, arXiv:2010.02502, equation 12), evenly spaced in time.

    Args:
        schedule: that the network was trained with.
        kind: what it predicts.
        steps: calls of the network.
        eta: η of equation 16: 0 adds no noise on the way, 1 is ancestral sampling as in DDPM.

    Raises:
        ConfigError: a number that does not work.
    """

    schedule: Schedule
    kind: str = "v"
    steps: int = 25
    eta: float = 0.0

    def __post_init__(self) -> None:
        check_kind(self.kind)
        if self.steps < 1 or not 0 <= self.eta <= 1:
            raise ConfigError(f"sampling has steps={self.steps} and eta={self.eta}; from 1 on, and from 0 to 1")

    def sample(
        self,
        denoise: Denoiser,
        shape: tuple[int, ...],
        draws: Draws,
        limit: Limit = lambda clean: clean,
        known: Known | None = None,
    ) -> Tensor:
        """Samples of `shape`, (n, ...).

        Args:
            denoise: noisy (n, ...) and times (n,) to predictions.
            draws: of the n samples.
            limit: what keeps the picture that each step foresees in its range, or near other pictures.
            known: a picture to begin with.
        """
        noise = draws.normal(*shape)
        if known is None:
            return self._denoised(denoise, noise, 1.0, draws, limit)
        if known.strength == 0:
            return known.picture
        start = self._noised(known.picture, noise, known.strength)
        if known.mask is None:
            return self._denoised(denoise, start, known.strength, draws, limit)
        return self._repainted(denoise, start, known, known.mask.to(noise), draws, limit)

    def _denoised(self, denoise: Denoiser, current: Tensor, first: float, draws: Draws, limit: Limit) -> Tensor:
        """From the time `first` to 0; the last step ends at the picture that it foresees."""
        for now, then in self._times(first):
            clean = self._foreseen(denoise, current, now, limit)
            if then:
                current = self._stepped(clean, current, now, then, self.eta, draws)
        return clean

    def _repainted(
        self, denoise: Denoiser, current: Tensor, known: Known, mask: Tensor, draws: Draws, limit: Limit
    ) -> Tensor:
        """As `_denoised`, around what stays (RePaint: Lugmayr et al., 2022, arXiv:2201.09865, algorithm 1)."""
        for now, then in self._times(known.strength):
            for again in reversed(range(RESAMPLED)):
                clean = self._foreseen(denoise, current, now, limit)
                if not then:
                    break
                drawn = self._stepped(clean, current, now, then, 1.0, draws)
                kept = self._noised(known.picture, draws.normal(*current.shape), then)
                current = torch.lerp(kept, drawn, mask)
                if again:
                    current = self._noised_further(current, then, now, draws)
        return torch.lerp(known.picture, clean, mask)

    def _times(self, first: float) -> list[tuple[float, float]]:
        """Where each step begins and ends."""
        times = [first * (1 - place / self.steps) for place in range(self.steps + 1)]
        return list(pairwise(times))

    def _foreseen(self, denoise: Denoiser, current: Tensor, now: float, limit: Limit) -> Tensor:
        alpha, sigma = self._level(now, current)
        time = current.new_full((len(current),), now)
        return limit(clean_of(self.kind, denoise(current, time), current, alpha, sigma))

    def _stepped(self, clean: Tensor, current: Tensor, now: float, then: float, eta: float, draws: Draws) -> Tensor:
        """Equation 12: from the time `now` to `then`, given the picture that is foreseen."""
        (alpha, sigma), (next_alpha, next_sigma) = self._level(now, current), self._level(then, current)
        fresh = eta * (next_sigma / sigma) * (1 - (alpha / next_alpha).square()).clamp(min=0).sqrt()
        direction = (next_sigma.square() - fresh.square()).clamp(min=0).sqrt()
        stepped = next_alpha * clean + direction * noise_of(clean, current, alpha, sigma)
        return stepped + fresh * draws.normal(*current.shape) if eta else stepped

    def _noised_further(self, current: Tensor, now: float, later: float, draws: Draws) -> Tensor:
        """From the time `now` back to the noisier `later`."""
        (alpha, sigma), (later_alpha, later_sigma) = self._level(now, current), self._level(later, current)
        kept = later_alpha / alpha
        added = (later_sigma.square() - (kept * sigma).square()).clamp(min=0).sqrt()
        return kept * current + added * draws.normal(*current.shape)

    def _noised(self, picture: Tensor, noise: Tensor, time: float) -> Tensor:
        alpha, sigma = self._level(time, noise)
        return alpha * picture + sigma * noise

    def _level(self, time: float, like: Tensor) -> tuple[Tensor, Tensor]:
        return alpha_sigma(self.schedule, like.new_tensor([time]), like.ndim)
