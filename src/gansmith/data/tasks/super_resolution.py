"""Large pictures from small ones."""

from __future__ import annotations

from torch import Tensor

from gansmith.data.degrade.blind import second_order
from gansmith.data.degrade.resize import resize
from gansmith.data.tasks.task import Task, eight_bits
from gansmith.errors import ConfigError, DataError
from gansmith.noise import Draws

SCALES = (2, 3, 4, 8)


class SuperResolution(Task):
    """Undoes bicubic downscaling as MATLAB's imresize does it, which published numbers are about.

    Pictures of any size are cut at their lower and right edge to multiples of the scale. Arguments as for `Task`.

    Raises:
        ConfigError: another scale than 2, 3, 4 or 8.
    """

    def __init__(self, source_channels: int, target_channels: int, scale: int = 4) -> None:
        if not isinstance(scale, int) or scale not in SCALES:
            raise ConfigError(f"task.scale={scale}: it can be {', '.join(map(str, SCALES))}")
        super().__init__(source_channels, target_channels, scale)

    def derive(self, fields: dict[str, Tensor], draws: Draws) -> dict[str, Tensor]:
        """Raises DataError for a picture smaller than the scale."""
        image = fields["image"]
        height, width = (side // self.scale for side in image.shape[-2:])
        if not height or not width:
            size = f"{image.shape[-2]} x {image.shape[-1]}"
            raise DataError(f"a picture of {size} pixels is too small for task.scale={self.scale}")
        target = image[..., : height * self.scale, : width * self.scale]
        return {"source": eight_bits(self.degrade(target, height, width, draws)), "target": target}

    def degrade(self, target: Tensor, height: int, width: int, draws: Draws) -> Tensor:
        """The small picture (n, C, height, width)."""
        return resize(target, height, width, border="mirror")

    def baseline(self, source: Tensor) -> Tensor:
        """Bicubic enlargement (n, C, scale * h, scale * w)."""
        height, width = (self.scale * side for side in source.shape[-2:])
        return resize(source, height, width, border="mirror").clamp(-1, 1)


class BlindSuperResolution(SuperResolution):
    """Undoes what pictures go through in the world: blur, resizing, noise and JPEG, twice; as `SuperResolution`.

    Raises:
        ConfigError: pictures that are neither grey nor colour.
    """

    def __init__(self, source_channels: int, target_channels: int, scale: int = 4) -> None:
        super().__init__(source_channels, target_channels, scale)
        if target_channels not in (1, 3):
            raise ConfigError(f"task.target_channels={target_channels}: it can be 1 (grey) or 3 (colour)")

    def degrade(self, target: Tensor, height: int, width: int, draws: Draws) -> Tensor:
        return second_order(target, height, width, draws)
