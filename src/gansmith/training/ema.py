"""Exponential moving average of the generator's weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from gansmith.errors import ConfigError
from gansmith.training.ramps import Ramp, value_at


@dataclass(frozen=True)
class EMA:
    """How long the average looks back, in images, so that it does not depend on the batch size.

    Args:
        half_life: images after which a weight counts half; a ramp may start at 0, where only the newest counts.
        ramp_up: the half-life is at most this share of the images seen so far, so that the average
            is not held back by the first, untrained weights (Karras et al., 2020, arXiv:2006.06676,
            official configuration: 0.05). Null for none.
        start: images before which the average is a copy of the newest weights (Brock et al., 2019, arXiv:1809.11096,
            official code).

    Raises:
        ConfigError: a half-life, or one that a ramp leads to, or a ramp-up that is not positive; a negative start.
    """

    half_life: float | Ramp
    ramp_up: float | None = 0.05
    start: float = 0

    def __post_init__(self) -> None:
        if (last := value_at(self.half_life, math.inf)) <= 0:
            raise ConfigError(f"model.ema.half_life is {last}; it counts images, above 0")
        if self.ramp_up is not None and self.ramp_up <= 0:
            raise ConfigError(f"model.ema.ramp_up is {self.ramp_up}; it is a share above 0, or null")
        if self.start < 0:
            raise ConfigError(f"model.ema.start is {self.start}; it counts images, from 0")

    def decay(self, images: int, images_seen: int) -> float:
        """Weight of the old average when `images` were seen since its last update, `images_seen` in all."""
        if images_seen < self.start:
            return 0.0
        half_life = value_at(self.half_life, images_seen)
        if self.ramp_up is not None:
            half_life = min(half_life, self.ramp_up * images_seen)
        return 0.5 ** (images / half_life) if half_life else 0.0


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """average := decay * average + (1 - decay) * network, for weights and floating buffers; integers are copied.

    Running statistics of batch norm are averaged with the weights: those of the newest weights would
    belong to another network.
    """
    pairs = [*zip(average.parameters(), network.parameters()), *zip(average.buffers(), network.buffers())]
    floating = [pair for pair in pairs if pair[0].is_floating_point()]
    averages, currents = zip(*floating)
    get_ema_multi_avg_fn(decay)(list(averages), list(currents), None)
    for averaged, current in pairs:
        if not averaged.is_floating_point():
            averaged.copy_(current)
