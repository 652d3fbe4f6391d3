"""Pictures from drawings."""

from __future__ import annotations

from torch import Tensor

from gansmith.data.degrade.edges import draw_lines
from gansmith.data.degrade.lab import luma
from gansmith.data.tasks.checks import check_number
from gansmith.data.tasks.task import Task, eight_bits
from gansmith.noise import Draws


class Sketch(Task):
    """Source: the picture's lines, dark on white (1 channel). Target: the picture.

    Args:
        source_channels, target_channels, scale: 1, those of the pictures, and 1.
        sigma: half the width of a line, in pixels.
        sharpness: of the step from paper to ink; small values leave pencil, large ones ink.
        threshold: contrast from which on there is a line; small values draw every texture.

    Raises:
        ConfigError: a value out of range.
    """

    def __init__(
        self,
        source_channels: int,
        target_channels: int,
        scale: int = 1,
        sigma: float = 1.0,
        sharpness: float = 12.0,
        threshold: float = 0.02,
    ) -> None:
        super().__init__(source_channels, target_channels, scale)
        self.sigma = check_number("sigma", sigma, 0.1, 20)
        self.sharpness = check_number("sharpness", sharpness, 0.1)
        self.threshold = check_number("threshold", threshold, 0, 2)

    def derive(self, fields: dict[str, Tensor], draws: Draws) -> dict[str, Tensor]:
        lines = draw_lines(fields["image"], self.sigma, self.sharpness, self.threshold)
        return {"source": eight_bits(lines), "target": fields["image"]}

    def prepare(self, picture: Tensor, mask: Tensor | None = None) -> Tensor:
        """A drawing, dark on white, as grey."""
        return eight_bits(luma(picture))
