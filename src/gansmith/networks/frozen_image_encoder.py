"""A picture encoder that begins with what ImageNet taught, for data that are too few to learn to see from."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, normalize

from gansmith.networks.frozen_features import LAYERS, frozen_features
from gansmith.networks.sizes import check_sizes

GROUPS = 8

PLACES = 2
"""Along a side, that the embedding still tells apart."""


class FrozenImageEncoder(nn.Module):
    """Frozen feature maps, which two small layers learn to read: only these are trained, and lie in checkpoints.

    LiT (Zhai et al., 2022, arXiv:2111.07991) showed that a frozen, pretrained tower for pictures beats one that is
    learnt from captions.

    Args:
        channels: of the picture, 1 or 3.
        resolution: its side.
        features: a quarter of the channels that are learnt for each layer.
        size: of the embedding.

    Raises:
        ConfigError: a size below 1.
    """

    def __init__(self, channels: int, resolution: int, features: int = 32, size: int = 128) -> None:
        super().__init__()
        check_sizes(channels=channels, resolution=resolution, features=features, size=size)
        self.size, self.channels, self.resolution = size, channels, resolution
        width = 4 * features
        self.mixed = nn.ModuleDict({layer: _mixing(depth, width) for layer, depth in LAYERS.items()})
        self.last = nn.Linear(len(LAYERS) * width * PLACES**2, size)

    def forward(self, image: Tensor) -> Tensor:
        """Pictures (n, channels, resolution, resolution) in [-1, 1] to vectors (n, size) of length 1."""
        seen = frozen_features(image)
        pooled = [adaptive_avg_pool2d(mix(seen[layer]), PLACES) for layer, mix in self.mixed.items()]
        return normalize(self.last(torch.cat(pooled, dim=1).flatten(1)), dim=1)


def _mixing(depth: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(depth, width, 1), nn.GroupNorm(math.gcd(GROUPS, width), width), nn.SiLU())
