"""The discriminator of SRGAN (Ledig et al., 2017, arXiv:1609.04802, figure 4), in the layout of BasicSR."""

from __future__ import annotations

from torch import Tensor, nn

from gansmith.errors import ConfigError
from gansmith.networks.sizes import check_sizes


class VGGDiscriminator(nn.Module):
    """One logit for a picture: pairs of convolutions down to 4x4 ... 7x7, then two linear layers.

    Args:
        in_channels: of the picture.
        resolution: side of the picture, 4, 5, 6 or 7 times a power of two, from 32 on: 64, 96 (the paper's), 128 ...
        features: width at full size; doubled with each halving up to 8 times.

    Raises:
        ConfigError: another resolution.
    """

    def __init__(self, in_channels: int, resolution: int = 128, features: int = 64) -> None:
        super().__init__()
        check_sizes(features=features)
        halvings = (resolution // 4).bit_length() - 1
        if resolution < 32 or resolution % 2**halvings:
            raise ConfigError(
                f"data.resolution is {resolution}; this discriminator takes 4, 5, 6 or 7 times a power of two, from 32 "
                "on, as 64, 96 or 128"
            )
        self.resolution = resolution
        side = resolution // 2**halvings
        self.stages = nn.ModuleList()
        width = in_channels
        for halving in range(halvings):
            wider = features * min(2**halving, 8)
            self.stages.append(_same_size(width, wider, with_norm=halving > 0))
            self.stages.append(_half_size(wider))
            width = wider
        self.stages.append(nn.Sequential(nn.Flatten(), nn.Linear(width * side**2, 100), nn.LeakyReLU(0.2)))
        self.stages.append(nn.Sequential(nn.Linear(100, 1), nn.Flatten(0)))

    def forward(self, image: Tensor) -> Tensor:
        """(n, in_channels, resolution, resolution) in [-1, 1] to logits (n,).

        Raises:
            ConfigError: a picture of another size.
        """
        return self.features(image)[-1]

    def features(self, image: Tensor) -> list[Tensor]:
        """The outputs of all stages, for feature matching; the last one is the logits."""
        if image.shape[-2:] != (self.resolution, self.resolution):
            raise ConfigError(
                f"pictures of {image.shape[-1]}x{image.shape[-2]} don't fit this discriminator, which was built for "
                f"{self.resolution} px; model/discriminator=patch or unet takes any size"
            )
        outputs: list[Tensor] = []
        for stage in self.stages:
            outputs.append(stage(outputs[-1] if outputs else image))
        return outputs


def _same_size(width: int, wider: int, with_norm: bool) -> nn.Sequential:
    convolution = nn.Conv2d(width, wider, 3, 1, 1, bias=not with_norm)
    return nn.Sequential(convolution, *([nn.BatchNorm2d(wider)] if with_norm else []), nn.LeakyReLU(0.2))


def _half_size(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(width, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.LeakyReLU(0.2))
