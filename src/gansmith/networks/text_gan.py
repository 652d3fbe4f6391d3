"""Networks of DF-GAN (Tao et al., 2022, arXiv:2008.05865, section 3): in one stage from a caption to a picture.

Three things that DF-GAN leaves out, and that make a narrow network learn many times faster, can be had: norms, a judge
by projection, and blocks of the discriminator that count from the first step.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu

from gansmith.errors import ConfigError
from gansmith.networks.dcgan import stage_widths
from gansmith.networks.sizes import check_sizes

SLOPE = 0.2
GROUPS = 8
MOST = 8
"""Widths are at most this many times those of the picture's stage."""


class ConditionalAffine(nn.Module):
    """Scale and shift of each channel, from the condition (section 3.3, equation 3); at first it changes nothing.

    Args:
        width: channels.
        condition: size of the condition.
        norm: whether features have a group norm before (Wu & He, 2018, arXiv:1803.08494). It knows no other pictures
            of the batch.
    """

    def __init__(self, width: int, condition: int, norm: bool = False) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(math.gcd(GROUPS, width), width, affine=False) if norm else nn.Identity()
        self.scale, self.shift = _perceptron(condition, width), _perceptron(condition, width)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """(n, width, s, s) and (n, condition) to (n, width, s, s)."""
        scale, shift = self.scale(condition), self.shift(condition)
        return self.norm(features) * (1 + scale[:, :, None, None]) + shift[:, :, None, None]


def _perceptron(condition: int, width: int) -> nn.Sequential:
    last = nn.Linear(width, width)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(condition, width), nn.ReLU(), last)


class DeepFusion(nn.Module):
    """Two affine layers with an activation behind each, and a convolution: a DFBlock (figure 3c)."""

    def __init__(self, width: int, following: int, condition: int, norm: bool) -> None:
        super().__init__()
        self.affine = nn.ModuleList(ConditionalAffine(width, condition, norm) for _ in range(2))
        self.convolution = nn.Conv2d(width, following, 3, padding=1)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        for affine in self.affine:
            features = leaky_relu(affine(features, condition), SLOPE)
        return self.convolution(features)


class UpBlock(nn.Module):
    """Twice the side, then two DFBlocks beside a shortcut (figure 3b)."""

    def __init__(self, width: int, following: int, condition: int, norm: bool) -> None:
        super().__init__()
        self.first = DeepFusion(width, following, condition, norm)
        self.second = DeepFusion(following, following, condition, norm)
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
        norm: see `ConditionalAffine`.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        latent: int = 100,
        condition: int = 256,
        features: int = 32,
        norm: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(latent=latent, condition=condition, features=features)
        # At 4x4, 8x8, ..., resolution.
        widths = [*stage_widths(resolution, 2 * features), features]
        widths = [min(width, MOST * features) for width in widths]
        self.start = nn.Linear(latent, widths[0] * 16)
        self.blocks = nn.ModuleList(UpBlock(*pair, latent + condition, norm) for pair in pairwise(widths))
        self.to_picture = nn.Conv2d(widths[-1], channels, 3, padding=1)

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        """(n, latent) and (n, condition) to (n, channels, resolution, resolution) in [-1, 1]."""
        features = self.start(latent).unflatten(1, (-1, 4, 4))
        both = torch.cat([latent, condition], dim=1)
        for block in self.blocks:
            features = block(features, both)
        return self.to_picture(leaky_relu(features, SLOPE)).tanh()


class DownBlock(nn.Module):
    """Two convolutions that halve the side, times a learnt γ, beside a shortcut."""

    def __init__(self, width: int, following: int, gamma: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, following, 4, 2, 1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(following, following, 3, padding=1),
            nn.LeakyReLU(SLOPE),
        )
        self.shortcut = nn.Conv2d(width, following, 1) if width != following else nn.Identity()
        self.gamma = nn.Parameter(torch.tensor(float(gamma)))

    def forward(self, features: Tensor) -> Tensor:
        return self.shortcut(avg_pool2d(features, 2)) + self.gamma * self.layers(features)


class Concatenation(nn.Module):
    """Features with the condition at every place to a logit, by two convolutions (section 3.2.2).

    Args:
        width: channels of the features.
        condition: size of the condition.
        features: half the channels between.
    """

    def __init__(self, width: int, condition: int, features: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width + condition, 2 * features, 3, padding=1, bias=False),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(2 * features, 1, 4, bias=False),
        )

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """(n, width, 4, 4) and (n, condition) to (n,)."""
        everywhere = condition[:, :, None, None].expand(-1, -1, *features.shape[2:])
        return self.layers(torch.cat([features, everywhere], dim=1)).flatten()


class Projection(nn.Module):
    """A logit of the picture alone, and the product of its features with what they should be, of the condition.

    Miyato & Koyama, 2018, arXiv:1802.05637, equation 3; the product, of `size` numbers, is divided by √size.
    Arguments as of `Concatenation`.
    """

    def __init__(self, width: int, condition: int, features: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, 8 * features, 3, padding=1)
        self.size = 8 * features * 16
        self.alone = nn.Linear(self.size, 1)
        self.wanted = nn.Linear(condition, self.size, bias=False)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """(n, width, 4, 4) and (n, condition) to (n,)."""
        seen = leaky_relu(self.first(features), SLOPE).flatten(1)
        return self.alone(seen).flatten() + (seen * self.wanted(condition)).sum(1) / math.sqrt(self.size)


JUDGES: dict[str, type[Concatenation] | type[Projection]] = {"concatenation": Concatenation, "projection": Projection}


class MatchingJudge(nn.Module):
    """What picture and caption are judged with, once `features` are made of the picture.

    Args:
        width: channels of the features, which are 4x4.
        condition: size of the condition.
        features: see `Concatenation`.
        judge: concatenation (DF-GAN's) or projection.

    Raises:
        ConfigError: another judge.
    """

    def __init__(self, width: int, condition: int, features: int, judge: str) -> None:
        super().__init__()
        if judge not in JUDGES:
            raise ConfigError(f"model.judge is {judge}; it can be {', '.join(JUDGES)}")
        self.judge = JUDGES[judge](width, condition, features)

    def features(self, image: Tensor) -> Tensor:
        """(n, channels, resolution, resolution) in [-1, 1] to (n, width, 4, 4), which no condition enters."""
        raise NotImplementedError

    def judgement(self, features: Tensor, condition: Tensor) -> Tensor:
        """`features` of n pictures and conditions (n, condition) to logits (n,)."""
        return self.judge(features, condition)

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
        judge: see `MatchingJudge`.
        gamma: from which each block's γ starts, 0 in DF-GAN: then the network is linear at first.
    """

    parts: tuple[str, ...] = ("from_picture", "blocks", "judge")
    """What a picture goes through, one after the other."""

    def __init__(
        self,
        resolution: int,
        channels: int,
        condition: int = 256,
        features: int = 32,
        judge: str = "concatenation",
        gamma: float = 0.0,
    ) -> None:
        check_sizes(condition=condition, features=features)
        widths = [features, *stage_widths(resolution, 2 * features)[::-1]]
        widths = [min(width, MOST * features) for width in widths]
        super().__init__(widths[-1], condition, features, judge)
        self.from_picture = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.blocks = nn.Sequential(*(DownBlock(*pair, gamma) for pair in pairwise(widths)))

    def features(self, image: Tensor) -> Tensor:
        return self.blocks(self.from_picture(image))
