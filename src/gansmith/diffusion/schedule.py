"""How much of a picture is left at each time: x_t = α_t x + σ_t ε with α² + σ² = 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Schedule(Protocol):
    """A fall of the log signal-to-noise ratio over the time t from 0 (a picture) to 1 (noise)."""

    def log_snr(self, time: Tensor) -> Tensor:
        """log(α² / σ²) at `time`, of the same shape."""
        ...


@dataclass(frozen=True)
class Cosine:
    """α_t = cos(π t / 2) (Nichol & Dhariwal, 2021, arXiv:2102.09672, equation 17), in continuous time.

    Log ratios end at `most` and -`most`: times are stretched within (0, 1), as in Ho & Salimans (2022,
    arXiv:2207.12598, section 3). Where the picture's values are smaller than 1 in size, or its side is large, noise
    hides less of it (Hoogeboom et al., 2023, arXiv:2301.11093, section 3.1): `shift` is added to the log ratio.
    """

    most: float = 15.0
    shift: float = 0.0

    def log_snr(self, time: Tensor) -> Tensor:
        first, last = math.atan(math.exp(-self.most / 2)), math.atan(math.exp(self.most / 2))
        return -2 * torch.log(torch.tan(first + time * (last - first))) + self.shift


@dataclass(frozen=True)
class Linear:
    """β grows linearly from 0.1 to 20 (Song et al., 2021, arXiv:2011.13456, equation 33), as with the thousand steps of
    Ho et al. (2020, arXiv:2006.11239, section 4): α² = exp(-0.1 t - 9.95 t²)."""

    def log_snr(self, time: Tensor) -> Tensor:
        # The smallest time keeps the ratio finite.
        return -torch.log(torch.expm1(0.1 * time.clamp(min=1e-5) + 9.95 * time.square()))


def alpha_sigma(schedule: Schedule, time: Tensor, dimensions: int) -> tuple[Tensor, Tensor]:
    """α and σ at times (n,), each with `dimensions` dimensions (n, 1, ...)."""
    ratio = schedule.log_snr(time).view(-1, *[1] * (dimensions - 1))
    return ratio.sigmoid().sqrt(), (-ratio).sigmoid().sqrt()
