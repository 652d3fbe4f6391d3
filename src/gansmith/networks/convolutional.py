"""The plain convolutional discriminator of ACGAN (Odena et al., 2017, arXiv:1610.09585, appendix A).

3x3 convolutions whose strides are 2, 1, 2, 1, ... and whose width doubles with each, down to 4x4. At 32 px and 16
features they are the paper's for CIFAR-10, 16 to 512.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from gansmith.networks.conditioning import concatenate_label
from gansmith.networks.dcgan import stage_widths
from gansmith.networks.initial import normal_weights
from gansmith.networks.norms import needs_bias, norm_layer
from gansmith.networks.sizes import check_sizes


class Trunk(nn.Module):
    """Picture to the features that heads read.

    Args:
        resolution: side of the picture, a power of two from 8 on.
        channels: of the picture.
        features: width of the first convolution; doubled up to 32 times.
        norm: after every convolution but the first: `batch`, `instance` or `none`.
        dropout: after every convolution; the paper's is 0.5.

    Raises:
        ConfigError: a size out of range, or another norm.
    """

    def __init__(self, resolution: int, channels: int, features: int, norm: str, dropout: float) -> None:
        super().__init__()
        check_sizes(features=features)
        halvings = len(stage_widths(resolution, features))
        widths = [channels, *(features * min(2**place, 32) for place in range(2 * halvings))]
        layers: list[nn.Module] = []
        for place, (width, following) in enumerate(pairwise(widths)):
            norm_here = norm if place else "none"
            stride = 1 + (place + 1) % 2
            layers += [nn.Conv2d(width, following, 3, stride, 1, bias=needs_bias(norm_here))]
            layers += [norm_layer(norm_here, following), nn.LeakyReLU(0.2), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.width = 16 * widths[-1]


class Discriminator(Trunk):
    """Picture to logit.

    Args:
        resolution, channels, features, norm, dropout: see `Trunk`.
        classes: labels that are concatenated to the picture as channels; 0 for none.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        features: int = 16,
        classes: int = 0,
        norm: str = "batch",
        dropout: float = 0.0,
    ) -> None:
        super().__init__(resolution, channels + classes, features, norm, dropout)
        self.classes = classes
        self.output = nn.Linear(self.width, 1)
        self.apply(normal_weights)

    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, channels, resolution, resolution) in [-1, 1] and labels (n,) to logits (n,)."""
        return self.output(self.layers(concatenate_label(image, label, self.classes))).flatten()


class AuxiliaryDiscriminator(Trunk):
    """Picture to logit and to logits of its class.

    Args:
        resolution, channels, features, norm, dropout: see `Trunk`.
        classes: that are told apart, from 1 on.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        classes: int,
        features: int = 16,
        norm: str = "batch",
        dropout: float = 0.5,
    ) -> None:
        super().__init__(resolution, channels, features, norm, dropout)
        check_sizes(classes=classes)
        self.output, self.classify = nn.Linear(self.width, 1), nn.Linear(self.width, classes)
        self.apply(normal_weights)

    def forward(self, image: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(n, channels, resolution, resolution) in [-1, 1] to (n,) and (n, classes); labels are not looked at."""
        features = self.layers(image)
        return self.output(features).flatten(), self.classify(features)
