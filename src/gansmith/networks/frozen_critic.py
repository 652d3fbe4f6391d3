"""A matching discriminator that sees pictures through a network trained on ImageNet, which stays as it is.

Projected GANs (Sauer et al., 2021, arXiv:2111.01007) and GALIP (Tao et al., 2023, arXiv:2301.12959) judge frozen
features, where what matters in a picture is told apart before training begins.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from gansmith.networks.frozen_features import LAYERS, frozen_features
from gansmith.networks.sizes import check_sizes
from gansmith.networks.text_gan import SLOPE, MatchingJudge


class FrozenCritic(MatchingJudge):
    """As `MatchingDiscriminator`, with what EfficientNet-Lite0 makes of pictures in the place of layers that learn.

    Args:
        resolution: side of the picture.
        channels: of the picture, 1 or 3.
        condition: size of the condition.
        features: an eighth of the channels that are learnt, which both layers share.
        judge: see `MatchingJudge`.
    """

    parts = (*(f"mixed.{layer}" for layer in LAYERS), "judge")

    def __init__(
        self,
        resolution: int,
        channels: int,
        condition: int = 256,
        features: int = 32,
        judge: str = "concatenation",
    ) -> None:
        check_sizes(resolution=resolution, channels=channels, condition=condition, features=features)
        width = 4 * features
        super().__init__(len(LAYERS) * width, condition, features, judge)
        self.mixed = nn.ModuleDict(
            {
                layer: nn.Sequential(nn.Conv2d(size, width, 3, padding=1), nn.LeakyReLU(SLOPE))
                for layer, size in LAYERS.items()
            }
        )

    def features(self, image: Tensor) -> Tensor:
        """(n, 1 or 3, resolution, resolution) in [-1, 1] to (n, 8 features, 4, 4)."""
        seen = frozen_features(image)
        return torch.cat([adaptive_avg_pool2d(mix(seen[layer]), 4) for layer, mix in self.mixed.items()], dim=1)
