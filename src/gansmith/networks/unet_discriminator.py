"""The U-Net discriminator of Real-ESRGAN (Wang et al., 2021, arXiv:2107.10833, section 3.2)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu
from torch.nn.utils.parametrizations import spectral_norm

from gansmith.errors import ConfigError
from gansmith.networks.sizes import check_sizes


class UNetDiscriminator(nn.Module):
    """A logit for every pixel, from the whole picture; spectral norm on all convolutions but the outermost two.

    Args:
        in_channels: of the picture.
        features: width at full size.
    """

    multiple = 8

    def __init__(self, in_channels: int, features: int = 64) -> None:
        super().__init__()
        check_sizes(features=features)
        self.first = nn.Conv2d(in_channels, features, 3, 1, 1)
        self.down = nn.ModuleList(
            spectral_norm(nn.Conv2d(features * factor, features * factor * 2, 4, 2, 1, bias=False))
            for factor in (1, 2, 4)
        )
        self.up = nn.ModuleList(_normed(features * factor, features * factor // 2) for factor in (8, 4, 2))
        self.head = nn.ModuleList(_normed(features, features) for _ in range(2))
        self.last = nn.Conv2d(features, 1, 3, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        """(n, in_channels, h, w) in [-1, 1] to logits (n, 1, h, w); h and w are multiples of 8.

        Raises:
            ConfigError: they are not.
        """
        return self.features(image)[-1]

    def features(self, image: Tensor) -> list[Tensor]:
        """The outputs of all stages, for feature matching; the last one is the logits."""
        height, width = image.shape[-2:]
        if height % self.multiple or width % self.multiple:
            raise ConfigError(f"pictures of {width}x{height} don't fit this discriminator: sides are multiples of 8")
        outputs = [leaky_relu(self.first(image), 0.2)]
        for down in self.down:
            outputs.append(leaky_relu(down(outputs[-1]), 0.2))
        for up, skip in zip(self.up, outputs[2::-1]):
            enlarged = interpolate(outputs[-1], scale_factor=2, mode="bilinear")
            outputs.append(leaky_relu(up(enlarged), 0.2) + skip)
        for convolution in self.head:
            outputs.append(leaky_relu(convolution(outputs[-1]), 0.2))
        return [*outputs, self.last(outputs[-1])]


def _normed(width: int, following: int) -> nn.Module:
    return spectral_norm(nn.Conv2d(width, following, 3, 1, 1, bias=False))
