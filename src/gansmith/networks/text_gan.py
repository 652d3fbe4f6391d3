"""Networks of DF-GAN (Tao et al., 2022, arXiv:2008.05865, section 3): in one stage from a caption to a picture."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu

from gansmith.networks.dcgan import stage_widths
from gansmith.networks.sizes import check_sizes

SLOPE = 0.2
MOST = 8
"""Widths are at most this many times those of the picture's stage."""


class ConditionalAffine(nn.Module):
    """Scale and shift of each channel, from the condition (section 3.3, equation 3); at first it changes nothing."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.scale, self.shift = _perceptron(condition, width), _perceptron(condition, width)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """(n, width, s, s) and (n, condition) to (n, width, s, s)."""
        scale, shift = self.scale(condition), self.shift(condition)
        return features * (1 + scale[:, :, None, None]) + shift[:, :, None, None]


def _perceptron(condition: int, width: int) -> nn.Sequential:
    last = nn.Linear(width, width)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(condition, width), nn.ReLU(), last)


class DeepFusion(nn.Module):
    """Two affine layers with an activation behind each, and a convolution: a DFBlock (figure 3c)."""

    def __init__(self, width: int, following: int, condition: int) -> None:
        super().__init__()
        self.affine = nn.ModuleList(ConditionalAffine(width, condition) for _ in range(2))
        self.convolution = nn.Conv2d(width, following, 3, padding=1)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        for affine in self.affine:
            features = leaky_relu(affine(features, condition), SLOPE)
        return self.convolution(features)


class UpBlock(nn.Module):
    """Twice the side, then two DFBlocks beside a shortcut (figure 3b)."""

    def __init__(self, width: int, following: int, condition: int) -> None:
        super().__init__()
        self.first = DeepFusion(width, following, condition)
        self.second = DeepFusion(following, following, condition)
        self.shortcut = nn.Conv2d(width, following, 1) if width != following else nn.Identity()

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        enlarged = interpolate(features, scale_factor=2)
        residual = self.second(self.first(enlarged, condition), condition)
        # A 1x1 convolution and nearest neighbours commute: done where there are fewer pixels.
        return interpolate(self.shortcut(features), scale_factor=2) + residual


class TextGenerator(nn.Module):
    """Latent and condition to picture; the condition, latent beside it, enters every block (figure 2).

    Args:
        resolution: side of the picture, a power of two from 8 on.
        channels: of the picture.
        latent: size of z.
        condition: size of the condition.
        features: width at the picture's side; doubled towards 4x4 up to eight times.
    """

    def __init__(
        self, resolution: int, channels: int, latent: int = 100, condition: int = 256, features: int = 32
    ) -> None:
        super().__init__()
        check_sizes(latent=latent, condition=condition, features=features)
        # At 4x4, 8x8, ..., resolution.
        widths = [*stage_widths(resolution, 2 * features), features]
        widths = [min(width, MOST * features) for width in widths]
        self.start = nn.Linear(latent, widths[0] * 16)
        self.blocks = nn.ModuleList(UpBlock(*pair, latent + condition) for pair in pairwise(widths))
        self.to_picture = nn.Conv2d(widths[-1], channels, 3, padding=1)

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        """(n, latent) and (n, condition) to (n, channels, resolution, resolution) in [-1, 1]."""
        features = self.start(latent).unflatten(1, (-1, 4, 4))
        both = torch.cat([latent, condition], dim=1)
        for block in self.blocks:
            features = block(features, both)
        return self.to_picture(leaky_relu(features, SLOPE)).tanh()


class DownBlock(nn.Module):
    """Two convolutions that halve the side, times a learnt γ that starts from 0, beside a shortcut."""

    def __init__(self, width: int, following: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, following, 4, 2, 1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(following, following, 3, padding=1),
            nn.LeakyReLU(SLOPE),
        )
        self.shortcut = nn.Conv2d(width, following, 1) if width != following else nn.Identity()
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, features: Tensor) -> Tensor:
        return self.shortcut(avg_pool2d(features, 2)) + self.gamma * self.layers(features)


class MatchingJudge(nn.Module):
    """What picture and caption are judged with, once `features` are made of the picture (section 3.2.2).

    Args:
        width: channels of the features.
        condition: size of the condition.
        hidden: channels between.
    """

    def __init__(self, width: int, condition: int, hidden: int) -> None:
        super().__init__()
        self.judge = nn.Sequential(
            nn.Conv2d(width + condition, hidden, 3, padding=1, bias=False),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(hidden, 1, 4, bias=False),
        )

    def features(self, image: Tensor) -> Tensor:
        """(n, channels, resolution, resolution) in [-1, 1] to (n, width, 4, 4), which no condition enters."""
        raise NotImplementedError

    def judgement(self, features: Tensor, condition: Tensor) -> Tensor:
        """`features` of n pictures and conditions (n, condition) to logits (n,)."""
        everywhere = condition[:, :, None, None].expand(-1, -1, *features.shape[2:])
        return self.judge(torch.cat([features, everywhere], dim=1)).flatten()

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        """(n, channels, resolution, resolution) in [-1, 1] and (n, condition) to logits (n,)."""
        return self.judgement(self.features(image), condition)


class MatchingDiscriminator(MatchingJudge):
    """One-way: a single logit that says whether a picture is real and shows what the condition says (section 3.2.2).

    Args:
        resolution: side of the picture, a power of two from 8 on.
        channels: of the picture.
        condition: size of the condition.
        features: width at the picture's side; doubled towards 4x4 up to eight times.
    """

    parts: tuple[str, ...] = ("from_picture", "blocks", "judge")
    """What a picture goes through, one after the other."""

    def __init__(self, resolution: int, channels: int, condition: int = 256, features: int = 32) -> None:
        check_sizes(condition=condition, features=features)
        widths = [features, *stage_widths(resolution, 2 * features)[::-1]]
        widths = [min(width, MOST * features) for width in widths]
        super().__init__(widths[-1], condition, hidden=2 * features)
        self.from_picture = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.blocks = nn.Sequential(*(DownBlock(*pair) for pair in pairwise(widths)))

    def features(self, image: Tensor) -> Tensor:
        return self.blocks(self.from_picture(image))
