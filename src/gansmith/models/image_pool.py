"""A history of generated pictures for the discriminator (Shrivastava et al., 2017, arXiv:1612.07828, section 2.3)."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.errors import ConfigError


class ImagePool:
    """The discriminator sees half new pictures and half older ones, so that it can't forget what it once refuted.

    Until the pool is full it keeps each picture and shows it; from then on each picture is, with probability
    1/2, exchanged for one of the pool, or shown and forgotten.

    Args:
        size: pictures in the pool; 0 shows every picture as it comes.

    Raises:
        ConfigError: a negative size.
    """

    def __init__(self, size: int) -> None:
        if size < 0:
            raise ConfigError(f"model.pool_size is {size}; it counts pictures, from 0")
        self.size = size
        self.pictures: list[Tensor] = []

    def exchange(self, pictures: Tensor, draws: Tensor) -> Tensor:
        """What the discriminator is shown in place of `pictures` (n, C, H, W), one after the other.

        Args:
            pictures: generated ones, without a graph.
            draws: (n, 2) in [0, 1) on the CPU: whether a picture is exchanged, and for which one.
        """
        if not self.size:
            return pictures
        return torch.stack([self._show(picture, *draw) for picture, draw in zip(pictures, draws.tolist())])

    def _show(self, picture: Tensor, chance: float, place: float) -> Tensor:
        if len(self.pictures) < self.size:
            self.pictures.append(picture.clone())
            return picture
        if chance >= 0.5:
            return picture
        slot = int(place * self.size)
        old, self.pictures[slot] = self.pictures[slot], picture.clone()
        return old

    def state(self) -> list[Tensor]:
        """The pictures (C, H, W) for a checkpoint, on the CPU and exactly as they are."""
        return [picture.cpu() for picture in self.pictures]

    def restore(self, state: list[Tensor], device: torch.device | str) -> None:
        """Back to what `state` was taken from."""
        self.pictures = [picture.to(device) for picture in state]
