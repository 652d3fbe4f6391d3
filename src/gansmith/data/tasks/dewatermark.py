"""Watermarks, taken off."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from gansmith.data.degrade.overlays import lay_over
from gansmith.data.tasks.checks import check_number, check_range
from gansmith.data.tasks.task import Task, eight_bits
from gansmith.noise import Draws


class Dewatermark(Task):
    """Source: the picture under text or a logo, in 8 bits. Target: the picture.

    Args:
        source_channels, target_channels, scale: those of the pictures, and 1.
        opacity: least and most, in [0, 1].
        size: least and most width of a full line of text, by the picture's shorter side.
        rotation: most, either way, in degrees.
        tiled: share of the pictures that are covered from edge to edge.

    Raises:
        ConfigError: a value out of range.
    """

    def __init__(
        self,
        source_channels: int,
        target_channels: int,
        scale: int = 1,
        opacity: Sequence[float] = (0.3, 0.8),
        size: Sequence[float] = (0.5, 1.0),
        rotation: float = 45.0,
        tiled: float = 0.5,
    ) -> None:
        super().__init__(source_channels, target_channels, scale)
        self.opacity = check_range("opacity", opacity, 0, 1)
        self.size = check_range("size", size, 0.1, 10)
        self.rotation = check_number("rotation", rotation, 0, 180)
        self.tiled = check_number("tiled", tiled, 0, 1)

    def derive(self, fields: dict[str, Tensor], draws: Draws) -> dict[str, Tensor]:
        marked = lay_over(fields["image"], draws, self.opacity, self.size, self.rotation, self.tiled)
        return {"source": eight_bits(marked), "target": fields["image"]}
