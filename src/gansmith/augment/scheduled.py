"""Augmentations of a probability that is known beforehand."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gansmith.augment.affine import warp
from gansmith.augment.augment import Augment
from gansmith.augment.bgc import placements, recolour
from gansmith.augment.diffaugment import cutout
from gansmith.errors import ConfigError
from gansmith.noise import Draws
from gansmith.training.ramps import Ramp, value_at


class Scheduled(Augment):
    """The augmentations of ADA with a given probability p, or one on a ramp over the images seen (Huang et al., 2024,
    arXiv:2501.05441, official presets).

    Args:
        p: of each geometric transformation, in [0, 1].
        colour: share of p that each change of colour has.
        cutout: share of p that a masked square of half the side has.

    Raises:
        ConfigError: a number outside [0, 1].
    """

    def __init__(self, p: float | Ramp, colour: float = 1.0, cutout: float = 0.0) -> None:
        super().__init__()
        settings = {"p": value_at(p, 0), "p at its end": value_at(p, math.inf), "colour": colour, "cutout": cutout}
        for key, value in settings.items():
            if not 0 <= value <= 1:
                raise ConfigError(f"model.augment.{key} is {value}; it lies in [0, 1]")
        self.schedule, self.colour, self.cutout = p, colour, cutout
        self.at(0)

    def at(self, images_seen: int) -> None:
        self.p = value_at(self.schedule, images_seen)

    def forward(self, images: Tensor, draws: Draws) -> Tensor:
        # Filled on the device: a copy from the host would wait for it.
        p = torch.full((), self.p, device=images.device)
        images = recolour(warp(images, placements(images, p, draws)), self.colour * p, draws)
        return self._cut(images, draws) if self.cutout else images

    def _cut(self, images: Tensor, draws: Draws) -> Tensor:
        is_cut = draws.uniform(len(images), 1, 1, 1) < self.cutout * self.p
        return torch.where(is_cut, cutout(images, draws), images)

    def scalars(self) -> dict[str, float]:
        return {"augment/p": self.p}
