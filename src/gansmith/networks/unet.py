"""The U-Net of pix2pix (Isola et al., 2017, arXiv:1611.07004, appendix 6.1.1)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from gansmith.errors import ConfigError
from gansmith.networks.initial import normal_weights
from gansmith.networks.norms import needs_bias, norm_layer
from gansmith.networks.sizes import check_sizes

DROPOUT_STAGES = 3


class UNetGenerator(nn.Module):
    """Picture to picture, with a skip from each stage of the encoder to its mirror image in the decoder.

    `depth` 8 is the network for 256 px: 54,413,955 parameters at 64 features and 3 channels. Sides of inputs
    are multiples of 2**depth; depth 7 is for 128 px, 9 for 512 px. The innermost stage has no norm after its
    convolution: at 1x1 an instance norm would leave nothing.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        depth: number of halvings, from 2 on.
        features: width of the outermost stage; doubled inwards up to 8 times.
        norm: `batch`, `instance` or `none`.
        dropout: of the three decoder stages that follow the innermost; it is the model's only noise.
    """

    scale = 1

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        depth: int = 8,
        features: int = 64,
        norm: str = "batch",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        check_sizes(features=features, depth=depth)
        if depth < 2:
            raise ConfigError(f"depth is {depth}; a U-Net has two stages or more")
        self.multiple = 2**depth
        widths = [features * min(2**stage, 8) for stage in range(depth)]
        bias = needs_bias(norm)
        self.down = nn.ModuleList([nn.Conv2d(in_channels, widths[0], 4, 2, 1, bias=bias)])
        for stage, (width, wider) in enumerate(pairwise(widths), start=2):
            self.down.append(_down(width, wider, norm if stage < depth else None, bias))
        self.up = nn.ModuleList([_up(widths[-1], widths[-2], norm, bias)])
        for stage, (width, narrower) in enumerate(pairwise(widths[-2::-1]), start=1):
            self.up.append(_up(2 * width, narrower, norm, bias, dropout if stage <= DROPOUT_STAGES else 0.0))
        last = nn.ConvTranspose2d(2 * widths[0], out_channels, 4, 2, 1)
        self.up.append(nn.Sequential(nn.ReLU(), last, nn.Tanh()))
        self.apply(normal_weights)

    def forward(self, image: Tensor) -> Tensor:
        """(n, in_channels, h, w) in [-1, 1] to (n, out_channels, h, w) in [-1, 1]; h, w: multiples of `multiple`."""
        skips = [image]
        for down in self.down:
            skips.append(down(skips[-1]))
        output = self.up[0](skips.pop())
        for up in self.up[1:]:
            output = up(torch.cat([skips.pop(), output], dim=1))
        return output


def _down(width: int, wider: int, norm: str | None, bias: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.LeakyReLU(0.2), nn.Conv2d(width, wider, 4, 2, 1, bias=bias)]
    return nn.Sequential(*layers, *([norm_layer(norm, wider)] if norm else []))


def _up(width: int, narrower: int, norm: str, bias: bool, dropout: float = 0.0) -> nn.Sequential:
    layers: list[nn.Module] = [nn.ReLU(), nn.ConvTranspose2d(width, narrower, 4, 2, 1, bias=bias)]
    return nn.Sequential(*layers, norm_layer(norm, narrower), *([nn.Dropout(dropout)] if dropout else []))
