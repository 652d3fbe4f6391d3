"""The synthesis network, from w to pictures (Karras et al., 2020, arXiv:1912.04958, sections 2 and 4.1)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from gansmith.networks.matrices import matrix_of
from gansmith.networks.stylegan2.equalized import activated
from gansmith.networks.stylegan2.modulated import ModulatedConv2d
from gansmith.networks.stylegan2.resampling import doubled
from gansmith.noise import Draws


class StyledConvolution(nn.Module):
    """Modulated 3x3 convolution, noise, bias, activation (figure 2d).

    Noise is one normal number a pixel for all channels, times a strength that starts from zero.
    """

    def __init__(self, width: int, following: int, latent: int, up: bool = False) -> None:
        super().__init__()
        self.convolution = ModulatedConv2d(width, following, 3, latent, up=up)
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(following))

    def forward(self, features: Tensor, w: Tensor, draws: Draws | None) -> Tensor:
        features = self.convolution(features, w)
        if draws is not None:
            features = features + self.strength * draws.normal(len(features), 1, *features.shape[2:])
        return activated(features + self.bias[:, None, None])


class ToPicture(nn.Module):
    """Modulated 1x1 convolution to the picture's channels, without demodulation."""

    def __init__(self, width: int, channels: int, latent: int) -> None:
        super().__init__()
        self.convolution = ModulatedConv2d(width, channels, 1, latent, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor, w: Tensor) -> Tensor:
        return self.convolution(features, w) + self.bias[:, None, None]


class Stage(nn.Module):
    """Twice the side: two convolutions, and what they add to the picture."""

    def __init__(self, width: int, following: int, channels: int, latent: int) -> None:
        super().__init__()
        self.up = StyledConvolution(width, following, latent, up=True)
        self.convolution = StyledConvolution(following, following, latent)
        self.to_picture = ToPicture(following, channels, latent)

    def forward(self, features: Tensor, picture: Tensor, styles: Tensor, draws: Draws | None) -> tuple[Tensor, Tensor]:
        """Features and picture at half the side, and styles (n, 3, latent), to features and picture."""
        features = self.up(features, styles[:, 0], draws)
        features = self.convolution(features, styles[:, 1], draws)
        return features, doubled(picture) + self.to_picture(features, styles[:, 2])


class Synthesis(nn.Module):
    """Output skips (figure 7b): the picture is the sum of what all stages say of it, each doubled to its side.

    Args:
        widths: channels at 4x4, 8x8, ..., the picture's side.
        channels: of the picture.
        latent: size of w.
        bounded: tanh behind the sum.
    """

    def __init__(self, widths: list[int], channels: int, latent: int, bounded: bool = False) -> None:
        super().__init__()
        self.bounded = bounded
        self.constant = nn.Parameter(torch.randn(widths[0], 4, 4))
        self.first = StyledConvolution(widths[0], widths[0], latent)
        self.to_picture = ToPicture(widths[0], channels, latent)
        self.stages = nn.ModuleList(Stage(width, following, channels, latent) for width, following in pairwise(widths))
        # A layer is a convolution; what makes the picture shares the next one's w, the last has its own.
        self.layers = 2 * len(widths)

    def forward(self, styles: Tensor, draws: Draws | None = None) -> Tensor:
        """Styles (n, layers, latent), a w for each layer, to (n, channels, side, side).

        Args:
            draws: of the noise of these n rows; None leaves noise out.
        """
        features = self.constant.expand(len(styles), -1, -1, -1)
        features = self.first(features, styles[:, 0], draws)
        picture = self.to_picture(features, styles[:, 1])
        for place, stage in enumerate(self.stages):
            start = 2 * place + 1
            features, picture = stage(features, picture, styles[:, start : start + 3], draws)
        return picture.tanh() if self.bounded else picture

    def latent_matrices(self) -> list[Tensor]:
        """For each layer the matrix (rows, latent) by which its w becomes styles."""
        readers: list[list[StyledConvolution | ToPicture]] = [[] for _ in range(self.layers)]
        readers[0].append(self.first)
        readers[1].append(self.to_picture)
        for place, stage in enumerate(self.stages):
            assert isinstance(stage, Stage)
            start = 2 * place + 1
            readers[start].append(stage.up)
            readers[start + 1].append(stage.convolution)
            readers[start + 2].append(stage.to_picture)
        return [torch.cat([matrix_of(reader.convolution.affine) for reader in layer]) for layer in readers]
