"""From noise, or from a picture with noise, to a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gansmith.diffusion.loss import Denoiser
from gansmith.diffusion.prediction import check_kind, clean_of, noise_of
from gansmith.diffusion.schedule import Schedule, alpha_sigma
from gansmith.errors import ConfigError
from gansmith.noise import Draws


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
        limit: Callable[[Tensor], Tensor] = lambda clean: clean,
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
        mask = known.mask.to(noise)

        def keep(current: Tensor, time: float) -> Tensor:
            return torch.lerp(self._noised(known.picture, noise, time), current, mask)

        drawn = self._denoised(denoise, start, known.strength, draws, limit, keep)
        return torch.lerp(known.picture, drawn, mask)

    def _denoised(
        self,
        denoise: Denoiser,
        current: Tensor,
        first: float,
        draws: Draws,
        limit: Callable[[Tensor], Tensor],
        keep: Callable[[Tensor, float], Tensor] = lambda current, time: current,
    ) -> Tensor:
        """From the time `first` to 0; the last step ends at the picture that it foresees."""
        for step in range(self.steps):
            now, then = (first * (1 - place / self.steps) for place in (step, step + 1))
            alpha, sigma = self._level(now, current)
            time = current.new_full((len(current),), now)
            clean = limit(clean_of(self.kind, denoise(current, time), current, alpha, sigma))
            if step == self.steps - 1:
                break
            noise = noise_of(clean, current, alpha, sigma)
            next_alpha, next_sigma = self._level(then, current)
            fresh = self.eta * (next_sigma / sigma) * (1 - (alpha / next_alpha).square()).clamp(min=0).sqrt()
            current = next_alpha * clean + (next_sigma.square() - fresh.square()).clamp(min=0).sqrt() * noise
            if self.eta:
                current = current + fresh * draws.normal(*current.shape)
            current = keep(current, then)
        return clean

    def _noised(self, picture: Tensor, noise: Tensor, time: float) -> Tensor:
        alpha, sigma = self._level(time, noise)
        return alpha * picture + sigma * noise

    def _level(self, time: float, like: Tensor) -> tuple[Tensor, Tensor]:
        return alpha_sigma(self.schedule, like.new_tensor([time]), like.ndim)
