"""ESRGAN's generator of residual-in-residual dense blocks (Wang et al., 2018, arXiv:1809.00219, section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, pixel_unshuffle

from gansmith.networks.initial import scaled_kaiming_weights
from gansmith.networks.scales import enlargements
from gansmith.networks.sizes import check_sizes

RESIDUAL = 0.2
FOLDS = {1: 4, 2: 2}
"""By scale: the side of the squares of pixels that become channels first; 1 where it is not named."""


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees all that came before; the last one's output is a small residual."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, growth, 3, 1, 1)
        self.conv2 = nn.Conv2d(width + growth, growth, 3, 1, 1)
        self.conv3 = nn.Conv2d(width + 2 * growth, growth, 3, 1, 1)
        self.conv4 = nn.Conv2d(width + 3 * growth, growth, 3, 1, 1)
        self.conv5 = nn.Conv2d(width + 4 * growth, width, 3, 1, 1)
        self.apply(scaled_kaiming_weights)

    def forward(self, features: Tensor) -> Tensor:
        seen = features
        for convolution in (self.conv1, self.conv2, self.conv3, self.conv4):
            seen = torch.cat([seen, leaky_relu(convolution(seen), 0.2)], dim=1)
        return features + RESIDUAL * self.conv5(seen)


class RRDB(nn.Module):
    """Three dense blocks inside a further small residual."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(width, growth)
        self.rdb2 = DenseBlock(width, growth)
        self.rdb3 = DenseBlock(width, growth)

    def forward(self, features: Tensor) -> Tensor:
        return features + RESIDUAL * self.rdb3(self.rdb2(self.rdb1(features)))


class RRDBNet(nn.Module):
    """A larger picture: dense blocks at the small size, then nearest neighbours and convolutions.

    At scale 4, 64 features, 23 blocks and growth 32 it has 16,697,987 parameters. Scales 2 and 1 fold the input
    into channels first and work at half and a quarter of its side (Real-ESRGAN: Wang et al., 2021,
    arXiv:2107.10833, section 3.3). Names of weights are BasicSR's. Inside, pictures are in [0, 1], which the
    published weights expect; so zero padding is black.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        scale: side of the output by side of the input: 1, 2, 3, 4 or 8.
        features: width between the blocks.
        blocks: number of RRDBs.
        growth: channels that a convolution inside a dense block adds.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        scale: int = 4,
        features: int = 64,
        blocks: int = 23,
        growth: int = 32,
    ) -> None:
        super().__init__()
        check_sizes(features=features, blocks=blocks, growth=growth)
        self.scale = scale
        self.multiple = FOLDS.get(scale, 1)
        self.factors = enlargements(scale * self.multiple)
        self.conv_first = nn.Conv2d(in_channels * self.multiple**2, features, 3, 1, 1)
        self.body = nn.Sequential(*(RRDB(features, growth) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(features, features, 3, 1, 1)
        for number in range(1, len(self.factors) + 1):
            self.add_module(f"conv_up{number}", nn.Conv2d(features, features, 3, 1, 1))
        self.conv_hr = nn.Conv2d(features, features, 3, 1, 1)
        self.conv_last = nn.Conv2d(features, out_channels, 3, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        """(n, in_channels, h, w) in [-1, 1] to (n, out_channels, scale h, scale w), about in [-1, 1]: not clamped.

        h and w are multiples of `multiple`.
        """
        first = self.conv_first(pixel_unshuffle((image + 1) / 2, self.multiple))
        features = first + self.conv_body(self.body(first))
        for number, factor in enumerate(self.factors, start=1):
            enlarged = interpolate(features, scale_factor=factor, mode="nearest")
            features = leaky_relu(self.get_submodule(f"conv_up{number}")(enlarged), 0.2)
        return self.conv_last(leaky_relu(self.conv_hr(features), 0.2)) * 2 - 1
