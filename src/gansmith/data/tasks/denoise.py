"""Pictures without their noise."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from gansmith.data.degrade.chance import between
from gansmith.data.degrade.noise import gaussian
from gansmith.data.tasks.checks import check_range
from gansmith.data.tasks.task import Task, eight_bits
from gansmith.noise import Draws


class Denoise(Task):
    """Undoes additive white Gaussian noise of unknown strength (Zhang et al., 2017, arXiv:1608.03981: DnCNN-B).

    Args:
        source_channels, target_channels, scale: those of the pictures, and 1.
        sigma: least and largest standard deviation of the noise, in levels of 255.

    Raises:
        ConfigError: a range that is none, or not within 0 to 255.
    """

    def __init__(
        self, source_channels: int, target_channels: int, scale: int = 1, sigma: Sequence[float] = (5, 50)
    ) -> None:
        super().__init__(source_channels, target_channels, scale)
        self.sigma = check_range("sigma", sigma, 0, 255)

    def derive(self, fields: dict[str, Tensor], draws: Draws) -> dict[str, Tensor]:
        target = fields["image"]
        sigma = between(draws, len(target), *self.sigma)
        return {"source": eight_bits(gaussian(target, draws.normal(*target.shape), sigma)), "target": target}
