"""The residual generator of CycleGAN (Zhu et al., 2017, arXiv:1703.10593, appendix 7.2; after Johnson et al., 2016)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from gansmith.networks.blur import BlurDown, BlurUp
from gansmith.networks.initial import normal_weights
from gansmith.networks.norms import needs_bias, norm_layer
from gansmith.networks.sizes import check_sizes


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions over mirrored edges around a skip; no activation behind the sum."""

    def __init__(self, width: int, norm: str, dropout: float) -> None:
        super().__init__()
        bias = needs_bias(norm)
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, bias=bias),
            norm_layer(norm, width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, bias=bias),
            norm_layer(norm, width),
        )

    def forward(self, features: Tensor) -> Tensor:
        return features + self.body(features)


class ResNetGenerator(nn.Module):
    """Picture to picture: c7s1-64, d128, d256, R256 x blocks, u128, u64, c7s1-3 in the paper's notation.

    With 9 blocks, 64 features, 3 channels and instance norm 11,378,179 parameters; with 6 blocks 7,837,699.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        blocks: 9 for pictures from 256 px on, 6 for smaller ones.
        features: width at full size.
        norm: `batch`, `instance` or `none`.
        dropout: inside the residual blocks.
        antialias: resampling by blur pooling instead of strides, as in CUT (Park et al., 2020, arXiv:2007.15651).
    """

    multiple = 4
    scale = 1

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        blocks: int = 9,
        features: int = 64,
        norm: str = "instance",
        dropout: float = 0.0,
        antialias: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(blocks=blocks, features=features)
        resample = _antialiased if antialias else _strided
        first = nn.Conv2d(in_channels, features, 7, bias=needs_bias(norm))
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(3),
            first,
            *_normed(features, norm),
            *resample(features, 2 * features, norm),
            *resample(2 * features, 4 * features, norm),
            *(ResidualBlock(4 * features, norm, dropout) for _ in range(blocks)),
            *resample(4 * features, 2 * features, norm),
            *resample(2 * features, features, norm),
            nn.ReflectionPad2d(3),
            nn.Conv2d(features, out_channels, 7),
            nn.Tanh(),
        )
        self.apply(normal_weights)

    def forward(self, image: Tensor) -> Tensor:
        """(n, in_channels, h, w) in [-1, 1] to (n, out_channels, h, w) in [-1, 1]; h, w: multiples of 4, from 8 on."""
        return self.layers(image)

    def features_at(self, image: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """Outputs of the layers with these numbers, in their order; what lies behind the last is not run.

        CUT takes 0, 4, 8, 12, 16 of the antialiased network: the pixels, both convolutions of the halving stages,
        the first and the fifth residual block.

        Args:
            image: (n, in_channels, h, w) in [-1, 1].
            layers: numbers in `self.layers`, which count every padding, convolution, norm and activation.
        """
        outputs = {}
        output = image
        for number, layer in enumerate(self.layers[: max(layers) + 1]):
            output = layer(output)
            if number in layers:
                outputs[number] = output
        return [outputs[number] for number in layers]


def _normed(width: int, norm: str) -> list[nn.Module]:
    return [norm_layer(norm, width), nn.ReLU()]


def _strided(width: int, following: int, norm: str) -> list[nn.Module]:
    bias = needs_bias(norm)
    convolution: nn.Module
    if following > width:
        convolution = nn.Conv2d(width, following, 3, 2, 1, bias=bias)
    else:
        convolution = nn.ConvTranspose2d(width, following, 3, 2, 1, output_padding=1, bias=bias)
    return [convolution, *_normed(following, norm)]


def _antialiased(width: int, following: int, norm: str) -> list[nn.Module]:
    layers = [nn.Conv2d(width, following, 3, 1, 1, bias=needs_bias(norm)), *_normed(following, norm)]
    return [*layers, BlurDown()] if following > width else [BlurUp(), *layers]
