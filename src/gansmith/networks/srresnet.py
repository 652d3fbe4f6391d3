"""SRResNet without norms (Ledig et al., 2017, arXiv:1609.04802, section 2.1), as BasicSR's MSRResNet."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, pixel_shuffle, relu

from gansmith.networks.initial import scaled_kaiming_weights
from gansmith.networks.scales import enlargements
from gansmith.networks.sizes import check_sizes


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a skip, without norm (Lim et al., 2017, arXiv:1707.02921, figure 2)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, 1, 1)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1)

    def forward(self, features: Tensor) -> Tensor:
        return features + self.conv2(relu(self.conv1(features)))


class SRResNet(nn.Module):
    """A larger picture: residual blocks at the small size, pixel shuffles, and the enlarged input added.

    At scale 4, 64 features and 16 blocks it has 1,517,571 parameters. Names of weights are BasicSR's. Inside,
    pictures are in [0, 1], which the published weights expect; so zero padding is black.

    Where input and output differ in channels, what is added is the first channels of a wider input (a picture
    and its mask), and mid-grey for a narrower one.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        scale: side of the output by side of the input: 1, 2, 3, 4 or 8.
        features: width of all hidden layers.
        blocks: number of residual blocks.
    """

    multiple = 1

    def __init__(
        self, in_channels: int, out_channels: int, scale: int = 4, features: int = 64, blocks: int = 16
    ) -> None:
        super().__init__()
        check_sizes(features=features, blocks=blocks)
        self.scale, self.out_channels = scale, out_channels
        self.factors = enlargements(scale)
        self.conv_first = nn.Conv2d(in_channels, features, 3, 1, 1)
        self.body = nn.Sequential(*(ResidualBlock(features) for _ in range(blocks)))
        for number, factor in enumerate(self.factors, start=1):
            self.add_module(f"upconv{number}", nn.Conv2d(features, features * factor**2, 3, 1, 1))
        self.conv_hr = nn.Conv2d(features, features, 3, 1, 1)
        self.conv_last = nn.Conv2d(features, out_channels, 3, 1, 1)
        self.apply(scaled_kaiming_weights)

    def forward(self, image: Tensor) -> Tensor:
        """(n, in_channels, h, w) in [-1, 1] to (n, out_channels, scale h, scale w), about in [-1, 1]: not clamped."""
        image = (image + 1) / 2
        features = self.body(leaky_relu(self.conv_first(image), 0.1))
        for number, factor in enumerate(self.factors, start=1):
            wide = self.get_submodule(f"upconv{number}")(features)
            features = leaky_relu(pixel_shuffle(wide, factor), 0.1)
        output = self.conv_last(leaky_relu(self.conv_hr(features), 0.1))
        return (output + self._enlarged(image)) * 2 - 1

    def _enlarged(self, image: Tensor) -> Tensor | float:
        if image.shape[1] < self.out_channels:
            return 0.5
        picture = image[:, : self.out_channels]
        return interpolate(picture, scale_factor=self.scale, mode="bilinear") if self.scale > 1 else picture
