"""Badly exposed, flat or tinted pictures, put right."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from gansmith.data.degrade import exposure
from gansmith.data.degrade.chance import between
from gansmith.data.tasks.checks import check_number, check_range
from gansmith.data.tasks.task import Task, eight_bits
from gansmith.noise import Draws


class Enhance(Task):
    """Source: the picture with its tones and colours off, in 8 bits. Target: the picture.

    Args:
        source_channels, target_channels, scale: those of the pictures, and 1.
        gain: least and most factor of all values.
        gamma: least and most exponent of the values in [0, 1]; above 1 is darker.
        contrast: least and most factor of differences to mid grey.
        saturation: least and most factor of colour; grey pictures have none.
        cast: most that a colour channel is too strong or weak, in stops.

    Raises:
        ConfigError: a value out of range.
    """

    def __init__(
        self,
        source_channels: int,
        target_channels: int,
        scale: int = 1,
        gain: Sequence[float] = (0.4, 1.3),
        gamma: Sequence[float] = (0.6, 1.7),
        contrast: Sequence[float] = (0.5, 1.0),
        saturation: Sequence[float] = (0.3, 1.0),
        cast: float = 0.25,
    ) -> None:
        super().__init__(source_channels, target_channels, scale)
        self.gain = check_range("gain", gain, 0.01, 100)
        self.gamma = check_range("gamma", gamma, 0.01, 100)
        self.contrast = check_range("contrast", contrast, 0, 100)
        self.saturation = check_range("saturation", saturation, 0, 100)
        self.cast = check_number("cast", cast, 0, 10)

    def derive(self, fields: dict[str, Tensor], draws: Draws) -> dict[str, Tensor]:
        target = fields["image"]
        rows = len(target)
        gain, gamma, contrast = (between(draws, rows, *ends) for ends in (self.gain, self.gamma, self.contrast))
        source = self._off_colour(target, draws) if target.shape[1] == 3 else target
        source = exposure.contrast(exposure.expose(source, gain, gamma), contrast)
        return {"source": eight_bits(source), "target": target}

    def _off_colour(self, image: Tensor, draws: Draws) -> Tensor:
        saturation = between(draws, len(image), *self.saturation)
        stops = self.cast * (2 * draws.uniform(len(image), 3) - 1)
        return exposure.cast(exposure.saturate(image, saturation), stops)
