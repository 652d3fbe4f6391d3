"""Networks of DCGAN (Radford et al., 2015, arXiv:1511.06434): strided convolutions between 4x4 and the image.

At 64 px, 3 channels, 100 latents and 64 features they are the paper's (figure 1): 3,576,704 and
2,765,568 parameters. Other resolutions add or leave out stages; widths double towards 4x4 up to
8 x `features`.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from gansmith.errors import ConfigError
from gansmith.networks.conditioning import concatenate_label
from gansmith.networks.initial import normal_weights
from gansmith.networks.sizes import check_sizes

NORMS = {"batch": nn.BatchNorm2d, "none": None}


def stage_widths(resolution: int, features: int) -> list[int]:
    """Channels at 4x4, 8x8, ..., resolution/2.

    Raises:
        ConfigError: the resolution is no power of two from 8 on.
    """
    if resolution < 8 or resolution & (resolution - 1):
        raise ConfigError(f"data.resolution is {resolution}; these networks take a power of two from 8 on")
    stages = resolution.bit_length() - 3
    return [features * min(2 ** (stages - 1 - stage), 8) for stage in range(stages)]


def _norm(name: str, width: int) -> list[nn.Module]:
    if name not in NORMS:
        raise ConfigError(f"norm is {name!r}; it can be {', '.join(NORMS)}")
    layer = NORMS[name]
    return [layer(width)] if layer else []


class Generator(nn.Module):
    """Latent to picture.

    Args:
        resolution: side of the picture, a power of two from 8 on.
        channels: of the picture.
        latent: size of z.
        features: width of the last hidden stage.
        classes: labels that are concatenated to z; 0 for none.
        norm: `batch` or `none`, after every hidden convolution.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        latent: int = 100,
        features: int = 64,
        classes: int = 0,
        norm: str = "batch",
    ) -> None:
        super().__init__()
        check_sizes(latent=latent, features=features)
        self.latent, self.classes = latent, classes
        widths = stage_widths(resolution, features)
        bias = norm == "none"
        layers: list[nn.Module] = [nn.ConvTranspose2d(latent + classes, widths[0], 4, 1, 0, bias=bias)]
        for width, narrower in pairwise(widths):
            layers += [*_norm(norm, width), nn.ReLU(inplace=True)]
            layers += [nn.ConvTranspose2d(width, narrower, 4, 2, 1, bias=bias)]
        layers += [*_norm(norm, widths[-1]), nn.ReLU(inplace=True)]
        layers += [nn.ConvTranspose2d(widths[-1], channels, 4, 2, 1, bias=bias), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(normal_weights)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, latent) and, where there are classes, (n,) int64 to (n, channels, resolution, resolution) in [-1, 1]."""
        return self.layers(concatenate_label(latent, label, self.classes)[:, :, None, None])

    def latent_matrices(self) -> list[Tensor]:
        """The matrix (rows, latent) by which z enters."""
        weight = next(self.layers.parameters()).detach()
        return [weight[: self.latent].flatten(1).t()]


class Discriminator(nn.Module):
    """Picture to logit.

    Args:
        resolution: side of the picture, a power of two from 8 on.
        channels: of the picture.
        features: width of the first stage.
        classes: labels that are concatenated to the picture as channels; 0 for none.
        norm: `batch` (not after the first convolution, section 3) or `none`, as WGAN-GP asks.
    """

    def __init__(
        self, resolution: int, channels: int, features: int = 64, classes: int = 0, norm: str = "batch"
    ) -> None:
        super().__init__()
        check_sizes(features=features)
        self.classes = classes
        widths = stage_widths(resolution, features)[::-1]
        bias = norm == "none"
        layers: list[nn.Module] = [nn.Conv2d(channels + classes, widths[0], 4, 2, 1, bias=bias)]
        layers += [nn.LeakyReLU(0.2, inplace=True)]
        for width, wider in pairwise(widths):
            layers += [nn.Conv2d(width, wider, 4, 2, 1, bias=bias)]
            layers += [*_norm(norm, wider), nn.LeakyReLU(0.2, inplace=True)]
        layers += [nn.Conv2d(widths[-1], 1, 4, 1, 0, bias=bias)]
        self.layers = nn.Sequential(*layers)
        self.apply(normal_weights)

    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, channels, resolution, resolution) in [-1, 1] and labels (n,) to logits (n,)."""
        return self.layers(concatenate_label(image, label, self.classes)).flatten()
