"""Discriminators that judge patches (Isola et al., 2017, arXiv:1611.07004, section 3.3 and appendix 6.1.2)."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from gansmith.errors import ConfigError
from gansmith.networks.initial import normal_weights
from gansmith.networks.norms import needs_bias, norm_layer
from gansmith.networks.sizes import check_sizes


class _Stages(nn.Module):
    """A chain of stages, each of which ends with an activation but for the last, whose output is the logits."""

    def __init__(self, stages: list[nn.Module], receptive_field: int, smallest: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.receptive_field, self.smallest = receptive_field, smallest
        self.apply(normal_weights)

    def forward(self, image: Tensor) -> Tensor:
        """(n, in_channels, h, w) to logits (n, 1, h', w'), one for each patch of `receptive_field` pixels' side.

        Raises:
            ConfigError: the picture is smaller than `smallest`.
        """
        return self.features(image)[-1]

    def features(self, image: Tensor) -> list[Tensor]:
        """The outputs of all stages, for feature matching; the last one is the logits."""
        if min(image.shape[-2:]) < self.smallest:
            raise ConfigError(
                f"pictures of {image.shape[-1]}x{image.shape[-2]} are too small for this discriminator, which takes "
                f"{self.smallest} px or more; fewer layers take smaller ones"
            )
        outputs: list[Tensor] = []
        for stage in self.stages:
            outputs.append(stage(outputs[-1] if outputs else image))
        return outputs


class PatchDiscriminator(_Stages):
    """PatchGAN: a logit for each of many overlapping patches.

    3 layers judge 70x70 pixels (2,768,705 parameters for 6 channels with batch norm), 1 layer 16x16, and 5
    layers 286x286: the ImageGAN of a 256 px picture.

    Args:
        in_channels: of the picture, or of input and output one behind the other.
        features: width of the first layer; doubled by each following up to 8 times.
        layers: number of halvings.
        norm: `batch`, `instance` or `none`; never after the first layer.
    """

    def __init__(self, in_channels: int, features: int = 64, layers: int = 3, norm: str = "batch") -> None:
        check_sizes(features=features, layers=layers)
        widths = [features * min(2**layer, 8) for layer in range(layers + 1)]
        stages: list[nn.Module] = [nn.Sequential(nn.Conv2d(in_channels, features, 4, 2, 1), nn.LeakyReLU(0.2))]
        for layer, (width, wider) in enumerate(pairwise(widths), start=1):
            stages.append(_stage(width, wider, 4, 2 if layer < layers else 1, norm))
        stages.append(nn.Conv2d(widths[-1], 1, 4, 1, 1))
        # Two 4x4 windows side by side are 7 wide, and each halving makes r pixels 2 r + 2.
        super().__init__(stages, receptive_field=9 * 2**layers - 2, smallest=3 * 2**layers)


class PixelDiscriminator(_Stages):
    """PixelGAN: a logit for each pixel, from its colour alone; arguments as for `PatchDiscriminator`."""

    def __init__(self, in_channels: int, features: int = 64, norm: str = "batch") -> None:
        check_sizes(features=features)
        stages: list[nn.Module] = [
            nn.Sequential(nn.Conv2d(in_channels, features, 1), nn.LeakyReLU(0.2)),
            _stage(features, 2 * features, 1, 1, norm),
            nn.Conv2d(2 * features, 1, 1, bias=needs_bias(norm)),
        ]
        super().__init__(stages, receptive_field=1, smallest=1)


class MultiScale(nn.Module):
    """PatchGANs on the picture, on its half, ... (pix2pixHD: Wang et al., 2018, arXiv:1711.11585, section 3.2).

    Args:
        in_channels: of the picture, or of input and output one behind the other.
        scales: number of sizes.
        features, layers, norm: of each, as for `PatchDiscriminator`.
    """

    def __init__(
        self, in_channels: int, scales: int = 2, features: int = 64, layers: int = 3, norm: str = "instance"
    ) -> None:
        super().__init__()
        check_sizes(scales=scales)
        discriminators = [PatchDiscriminator(in_channels, features, layers, norm) for _ in range(scales)]
        self.discriminators = nn.ModuleList(discriminators)
        # The window of the pooling, 3 wide at stride 2, makes r pixels 2 r + 1.
        self.receptive_field = (discriminators[0].receptive_field + 1) * 2 ** (scales - 1) - 1

    def forward(self, image: Tensor) -> list[Tensor]:
        """(n, in_channels, h, w) to the logits (n, 1, h', w') at each size, the full one first."""
        return [features[-1] for features in self.features(image)]

    def features(self, image: Tensor) -> list[list[Tensor]]:
        """The outputs of all stages at each size; the last of each are the logits."""
        outputs = []
        for halvings, discriminator in enumerate(self.discriminators):
            if halvings:
                image = avg_pool2d(image, 3, 2, 1, count_include_pad=False)
            outputs.append(discriminator.features(image))  # type: ignore[operator]
        return outputs


def _stage(width: int, wider: int, kernel: int, stride: int, norm: str) -> nn.Sequential:
    padding = 1 if kernel > 1 else 0
    convolution = nn.Conv2d(width, wider, kernel, stride, padding, bias=needs_bias(norm))
    return nn.Sequential(convolution, norm_layer(norm, wider), nn.LeakyReLU(0.2))
