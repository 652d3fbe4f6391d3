"""Colour for grey pictures: the two chroma channels of CIE Lab from its lightness (Zhang et al., 2016)."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.data.degrade.lab import lab_to_rgb, rgb_to_lab
from gansmith.data.tasks.task import Task, eight_bits
from gansmith.errors import ConfigError
from gansmith.noise import Draws

CHROMA = 110.0  # the a and b of sRGB's colours lie within [-108, 99]


class Colorize(Task):
    """Source: L / 50 - 1, in 8 bits (1 channel). Target: a / 110 and b / 110 (2 channels).

    Args:
        source_channels, target_channels, scale: 1, 2 and 1.
        channels: of the data's pictures.

    Raises:
        ConfigError: grey data: there is no colour to learn from.
    """

    def __init__(self, source_channels: int = 1, target_channels: int = 2, scale: int = 1, channels: int = 3) -> None:
        super().__init__(source_channels, target_channels, scale)
        if channels != 3:
            raise ConfigError(f"task=colorize needs colour pictures: data.channels=3, not {channels}")

    def derive(self, fields: dict[str, Tensor], draws: Draws) -> dict[str, Tensor]:
        lab = rgb_to_lab(fields["image"])
        return {"source": _scaled(lab[:, :1]), "target": lab[:, 1:] / CHROMA}

    def prepare(self, picture: Tensor, mask: Tensor | None = None) -> Tensor:
        """The lightness of a grey or coloured picture."""
        return _scaled(rgb_to_lab(picture.expand(-1, 3, -1, -1))[:, :1])

    def render(self, source: Tensor, output: Tensor) -> Tensor:
        """The source's lightness with the output's chroma, as RGB in [-1, 1]."""
        return lab_to_rgb(torch.cat([50 * (source.float() + 1), CHROMA * output.float()], 1))

    def baseline(self, source: Tensor) -> Tensor:
        """Grey, as RGB."""
        return self.render(source, torch.zeros_like(source).expand(-1, 2, -1, -1))


def _scaled(lightness: Tensor) -> Tensor:
    return eight_bits(lightness / 50 - 1)
