"""A picture of twice the side, of which a caption is known: SRGAN's generator, told what to draw.

Residual blocks at the small side and a pixel shuffle (Ledig et al., 2017, arXiv:1609.04802, section 2.1), without
norms; the condition scales and shifts what is inside each block, as in DF-GAN (arXiv:2008.05865, section 3.3).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, pixel_shuffle

from gansmith.errors import ConfigError
from gansmith.networks.initial import zeroed
from gansmith.networks.sizes import check_sizes
from gansmith.networks.text_gan import SLOPE, ConditionalAffine


class Block(nn.Module):
    """Two convolutions around a skip; the last starts from 0."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.affine = ConditionalAffine(width, condition)
        zeroed(self.second)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        hidden = self.affine(self.first(features), condition)
        return features + self.second(leaky_relu(hidden, SLOPE))


class TextEnlarger(nn.Module):
    """What the larger picture has beyond the enlarged one.

    Args:
        resolution: side of the larger picture.
        channels: of the picture.
        condition: size of the condition.
        features: width of all hidden layers.
        blocks: how many.

    Raises:
        ConfigError: a size that does not work.
    """

    def __init__(
        self, resolution: int, channels: int, condition: int = 256, features: int = 32, blocks: int = 4
    ) -> None:
        super().__init__()
        if resolution % 2:
            raise ConfigError(f"resolution is {resolution}; what doubles the side of a picture ends at an even one")
        check_sizes(features=features, blocks=blocks)
        self.first = nn.Conv2d(channels, features, 3, padding=1)
        self.blocks = nn.ModuleList(Block(features, condition + 1) for _ in range(blocks))
        self.up = nn.Conv2d(features, 4 * features, 3, padding=1)
        self.last = nn.Conv2d(features, channels, 3, padding=1)
        # It begins as the enlarged picture.
        zeroed(self.last)

    def forward(self, small: Tensor, level: Tensor, condition: Tensor) -> Tensor:
        """(n, channels, s, s), the levels (n,) of the noise in it and (n, condition) to (n, channels, 2 s, 2 s)."""
        both = torch.cat([condition, level[:, None]], dim=1)
        features = leaky_relu(self.first(small), SLOPE)
        for block in self.blocks:
            features = block(features, both)
        return self.last(leaky_relu(pixel_shuffle(self.up(features), 2), SLOPE))
