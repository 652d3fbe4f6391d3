"""What a task is: how a model's input and output follow from plain pictures."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from gansmith.noise import Draws


class Task:
    """Derives pairs from pictures, in batches and on their device; a network never knows what it restores.

    All tensors are floats in [-1, 1]. Every random number comes from `draws`, so that a pair depends on the
    seed and the picture's place alone.

    Args:
        source_channels: of what the generator sees.
        target_channels: of what it makes.
        scale: side of the target by side of the source.
    """

    needs: ClassVar[tuple[str, ...]] = ("image",)
    fills_holes: ClassVar[bool] = False
    """Whether `prepare` needs to know where the picture is missing."""

    def __init__(self, source_channels: int, target_channels: int, scale: int = 1) -> None:
        self.source_channels, self.target_channels, self.scale = source_channels, target_channels, scale

    def derive(self, fields: dict[str, Tensor], draws: Draws) -> dict[str, Tensor]:
        """`source` (n, source_channels, H / scale, W / scale) and `target` (n, target_channels, H, W).

        Args:
            fields: those of `needs`; `image` is (n, C, H, W), its sides multiples of `scale`.
            draws: random numbers for these n rows.
        """
        raise NotImplementedError

    def prepare(self, picture: Tensor, mask: Tensor | None = None) -> Tensor:
        """The source for a picture (n, C, h, w) that somebody wants restored.

        Args:
            picture: what was found in a file.
            mask: (n, 1, h, w), 1 where the picture is missing; only where the task knows holes.
        """
        return picture

    def render(self, source: Tensor, output: Tensor) -> Tensor:
        """The picture (n, 1 or 3, H, W) that the generator's output for `source` stands for."""
        return output

    def baseline(self, source: Tensor) -> Tensor:
        """The picture (n, 1 or 3, H, W) without any restoration: the input as one would show it."""
        return source


def eight_bits(images: Tensor) -> Tensor:
    """Floats in [-1, 1] rounded to the 256 values of a file, still in [-1, 1]: a network meets files."""
    return images.clamp(-1, 1).add(1).mul(127.5).round().div(127.5).sub(1)
