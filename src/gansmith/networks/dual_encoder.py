"""Pictures and captions in one space (CLIP: Radford et al., 2021, arXiv:2103.00020), in a size that a CPU trains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from gansmith.errors import ConfigError
from gansmith.networks.frozen_image_encoder import FrozenImageEncoder
from gansmith.networks.sizes import check_sizes
from gansmith.networks.text.encoder import TextEncoder

MULTIPLIERS = (1, 2, 4, 6)
"""Widths of the stages, each of which halves the picture, in `features`."""

SIDE = 4
"""Places along a side that the embedding still tells apart: 64 pixels have as many after four halvings."""

GROUPS = 8

MOST_SCALE = 100.0
"""Section 2.5: a larger scale of the logits makes training unstable."""


class ImageEncoder(nn.Module):
    """Four strided convolutions and a linear layer that still knows where things are.

    Args:
        channels: of the picture.
        resolution: its side; what is larger than 64 pixels is averaged before the linear layer.
        features: width of the first stage.
        size: of the embedding.

    Raises:
        ConfigError: a size below 1.
    """

    def __init__(self, channels: int, resolution: int, features: int = 32, size: int = 128) -> None:
        super().__init__()
        check_sizes(channels=channels, resolution=resolution, features=features, size=size)
        widths = [channels, *(features * multiplier for multiplier in MULTIPLIERS)]
        stages = [_stage(narrow, wide) for narrow, wide in pairwise(widths)]
        side = _divided(resolution, 2 ** len(MULTIPLIERS))
        window = _divided(side, SIDE)
        pool = nn.AvgPool2d(window, ceil_mode=True)
        places = _divided(side, window) ** 2
        self.size, self.channels, self.resolution = size, channels, resolution
        self.layers = nn.Sequential(*stages, pool, nn.Flatten(), nn.Linear(widths[-1] * places, size))

    def forward(self, image: Tensor) -> Tensor:
        """Pictures (n, channels, resolution, resolution) in [-1, 1] to vectors (n, size) of length 1."""
        return normalize(self.layers(image), dim=1)


def _stage(narrow: int, wide: int) -> nn.Sequential:
    convolution = nn.Conv2d(narrow, wide, kernel_size=3, stride=2, padding=1)
    return nn.Sequential(convolution, nn.GroupNorm(math.gcd(GROUPS, wide), wide), nn.SiLU())


def _divided(length: int, parts: int) -> int:
    """Rounded up, as strided convolutions and the average do."""
    return -(-length // parts)


class TextTower(nn.Module):
    """A perceptron of one hidden layer on an encoder's pooled vectors.

    Args:
        text: an encoder; one that is not frozen is trained along.
        size: of the embedding.
        dropout: of the pooled vectors, in training. Where captions are few, a tower without knows each by heart, and
            no other.

    Raises:
        ConfigError: a size below 1, or a dropout outside [0, 1).
    """

    def __init__(self, text: TextEncoder, size: int = 128, dropout: float = 0.0) -> None:
        super().__init__()
        check_sizes(size=size)
        if not 0 <= dropout < 1:
            raise ConfigError(f"model.encoder.text.dropout is {dropout}; it is from 0 on and below 1")
        self.text, self.size = text, size
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.Sequential(nn.Linear(text.size, 2 * size), nn.SiLU(), nn.Linear(2 * size, size))

    def forward(self, captions: Sequence[str]) -> Tensor:
        """n captions to vectors (n, size) of length 1."""
        return normalize(self.layers(self.dropout(self.text(captions).pooled)), dim=1)


class DualEncoder(nn.Module):
    """Both towers and the scale of their similarities, which is learnt (section 2.3, figure 3).

    Args:
        image, text: give vectors of one size.
        temperature: whose inverse the scale starts at.
    """

    def __init__(self, image: ImageEncoder | FrozenImageEncoder, text: TextTower, temperature: float = 0.07) -> None:
        super().__init__()
        self.image, self.text = image, text
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)))

    @property
    def size(self) -> int:
        """Of an embedding."""
        return self.image.size

    def forward(self, image: Tensor, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Vectors of length 1, (n, size) of the pictures and of the captions."""
        return self.image(image), self.text(captions)

    def scale(self) -> Tensor:
        """What cosines are multiplied by, a scalar up to 100.

        The parameter itself is held at the limit: one on the output alone would have no gradient that leads back.
        """
        with torch.no_grad():
            self.log_scale.clamp_(max=math.log(MOST_SCALE))
        return self.log_scale.exp()
