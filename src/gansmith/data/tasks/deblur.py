"""Sharp pictures from blurred ones."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, pi

import torch
from torch import Tensor

from gansmith.data.degrade import blur
from gansmith.data.degrade.chance import between, happens
from gansmith.data.tasks.checks import check_number, check_range
from gansmith.data.tasks.task import Task, eight_bits
from gansmith.noise import Draws


class Deblur(Task):
    """Undoes a lens out of focus (isotropic Gaussian blur) or a camera that moved (along a line in any direction).

    Args:
        source_channels, target_channels, scale: those of the pictures, and 1.
        sigma: least and largest standard deviation of the Gaussian, in pixels.
        length: least and largest length of the line, in pixels.
        motion: share of pictures with motion blur; the others have the Gaussian.

    Raises:
        ConfigError: a value out of its range; the message names its key.
    """

    def __init__(
        self,
        source_channels: int,
        target_channels: int,
        scale: int = 1,
        sigma: Sequence[float] = (0.5, 3),
        length: Sequence[float] = (3, 21),
        motion: float = 0.5,
    ) -> None:
        super().__init__(source_channels, target_channels, scale)
        self.sigma = check_range("sigma", sigma, 0.1, 20)
        self.length = check_range("length", length, 0, 100)
        self.motion = check_number("motion", motion, 0, 1)

    @property
    def size(self) -> int:
        """Of the kernels: odd, and as large as the largest needs."""
        return 2 * ceil(max(3 * self.sigma[1], self.length[1] / 2 + 0.5)) + 1

    def derive(self, fields: dict[str, Tensor], draws: Draws) -> dict[str, Tensor]:
        target = fields["image"]
        return {"source": eight_bits(blur.blur(target, self.kernels(draws, len(target)))), "target": target}

    def kernels(self, draws: Draws, rows: int) -> Tensor:
        """One for each row, (rows, size, size)."""
        sigma, length = between(draws, rows, *self.sigma), between(draws, rows, *self.length)
        angle = between(draws, rows, 0, pi)
        focus = blur.gaussian(sigma[:, None].expand(-1, 2), angle, self.size)
        moved = blur.motion(length, angle, self.size)
        return torch.where(happens(draws, rows, self.motion)[:, None, None], moved, focus)
