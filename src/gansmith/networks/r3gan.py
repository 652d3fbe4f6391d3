"""Networks of R3GAN (Huang et al., 2024, arXiv:2501.05441, section 4): grouped-convolution ResNets without norms.

Generator and discriminator mirror each other: stages from 4x4 to the picture, joined by [1, 2, 1] resampling.
At the paper's width of 768 and without labels they have 20,732,160 and 20,683,776 parameters for CIFAR-10,
23,057,952 and 23,009,568 for FFHQ-256.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, pad

from gansmith.networks.binomial import filtered
from gansmith.networks.dcgan import stage_widths
from gansmith.networks.matrices import matrix_of
from gansmith.networks.sizes import check_sizes

SLOPE = 0.2
EXPANSION = 2


def widths_from_4x4(resolution: int, features: int, full_width: int) -> list[int]:
    """Channels at 4x4, 8x8, ..., resolution: `features` up to the side `full_width`, halved at each doubling beyond.

    Raises:
        ConfigError: the resolution is no power of two from 8 on.
    """
    sides = [4 * 2**doubling for doubling in range(len(stage_widths(resolution, 1)) + 1)]
    return [max(features * full_width // max(side, full_width), 1) for side in sides]


def doubled(features: Tensor) -> Tensor:
    """(n, c, h, w) to (n, c, 2 h, 2 w): zeros between the pixels and [1, 2, 1] / 2 in both directions.

    That is, pixels and the means of neighbours in turn. The last pixel is repeated.
    """
    enlarged = filtered(pad(features, (0, 1, 0, 1), mode="replicate"), 3, padding=1, up=2, gain=4.0)
    return pad(enlarged, (0, -1, 0, -1))


def halved(features: Tensor) -> Tensor:
    """(n, c, h, w) to (n, c, h / 2, w / 2): [1, 2, 1] / 4 in both directions at every second pixel; edges repeated."""
    return filtered(pad(features, (1, 0, 1, 0), mode="replicate"), 3, padding=0, down=2)


def linear_weights(weight: Tensor) -> None:
    """He's normal weights for a layer without an activation: outputs as large as inputs."""
    nn.init.kaiming_normal_(weight, nonlinearity="linear")


class ResidualBlock(nn.Module):
    """Inverted bottleneck: 1x1 to twice the channels, grouped 3x3, 1x1 back; activations between, none on the sum.

    Weights start as in Fixup (Zhang et al., 2019, arXiv:1901.09321, section 3) without its scalars: the last
    convolution at 0, the others at He's scale times L^-1/4 for L blocks in the network.

    Args:
        width: channels in and out.
        groups: of the 3x3 convolution.
        depth: L.
    """

    def __init__(self, width: int, groups: int, depth: int) -> None:
        super().__init__()
        inner = EXPANSION * width
        self.expand = nn.Conv2d(width, inner, 1)
        self.grouped = nn.Conv2d(inner, inner, 3, padding=1, groups=groups)
        self.reduce = nn.Conv2d(inner, width, 1, bias=False)
        for layer in (self.expand, self.grouped):
            nn.init.kaiming_normal_(layer.weight, a=SLOPE)
            with torch.no_grad():
                layer.weight.mul_(depth**-0.25)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.reduce.weight)

    def forward(self, features: Tensor) -> Tensor:
        inner = leaky_relu(self.expand(features), SLOPE)
        return features + self.reduce(leaky_relu(self.grouped(inner), SLOPE))


class Transition(nn.Module):
    """To the next stage: resampling, and a 1x1 convolution where the number of channels changes.

    Both are linear and commute; the convolution is done where there are fewer pixels.

    Args:
        width: channels in.
        next_width: channels out.
        up: double the side, or halve it.
    """

    def __init__(self, width: int, next_width: int, up: bool) -> None:
        super().__init__()
        self.up = up
        self.convolution = nn.Conv2d(width, next_width, 1, bias=False) if width != next_width else nn.Identity()
        for weight in self.convolution.parameters():
            linear_weights(weight)

    def forward(self, features: Tensor) -> Tensor:
        return doubled(self.convolution(features)) if self.up else self.convolution(halved(features))


def residual_stages(
    resolution: int, up: bool, features: int = 768, full_width: int = 32, cardinality: int = 96, blocks: int = 2
) -> tuple[list[int], nn.Sequential]:
    """Stages of residual blocks between 4x4 and the picture, with transitions between them, and their channels.

    Args:
        resolution: side of the picture, a power of two from 8 on.
        up: from 4x4 to the picture, or the other way.
        features: channels of the widest stages.
        full_width: side up to which stages are as wide; each doubling beyond it halves their channels.
        cardinality: groups of a 3x3 convolution in the widest stages. A narrower one has as many fewer, so that
            groups are as wide, or the most of these that divide its channels.
        blocks: residual blocks of a stage.
    """
    check_sizes(features=features, full_width=full_width, cardinality=cardinality, blocks=blocks)
    widths = widths_from_4x4(resolution, features, full_width)[:: 1 if up else -1]
    depth = blocks * len(widths)
    stages = []
    for width in widths:
        groups = math.gcd(EXPANSION * width, max(cardinality * width // max(widths), 1))
        stages.append(nn.Sequential(*(ResidualBlock(width, groups, depth) for _ in range(blocks))))
    transitions = [Transition(width, next_width, up) for width, next_width in pairwise(widths)]
    between = zip(transitions, stages[1:])
    return widths, nn.Sequential(stages[0], *(layer for pair in between for layer in pair))


class Generator(nn.Module):
    """Latent to picture: z, and the label's embedding beside it, weighs a learned basis of 4x4 features.

    Args:
        resolution: side of the picture, a power of two from 8 on.
        channels: of the picture.
        latent: size of z, and of a label's embedding.
        classes: of labels; 0 for none.
        bounded: tanh at the end, which the paper does without (see `gansmith.networks.stylegan2.generator.Generator`).
        **stages: see `residual_stages`.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        latent: int = 64,
        classes: int = 0,
        bounded: bool = False,
        **stages: int,
    ) -> None:
        super().__init__()
        check_sizes(latent=latent)
        self.bounded = bounded
        widths, residual = residual_stages(resolution, up=True, **stages)
        self.latent = latent
        self.embedding = nn.Embedding(classes, latent) if classes else None
        self.weigh = nn.Linear(latent * (2 if classes else 1), widths[0], bias=False)
        self.basis = nn.Parameter(torch.randn(widths[0], 4, 4))
        self.stages = residual
        self.to_picture = nn.Conv2d(widths[-1], channels, 1, bias=False)
        linear_weights(self.weigh.weight)
        linear_weights(self.to_picture.weight)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, latent) and, where there are classes, (n,) int64 to (n, channels, resolution, resolution).

        Pictures that nothing bounds learn to lie in [-1, 1].
        """
        if self.embedding is not None:
            latent = torch.cat([latent, self.embedding(_given(label))], dim=1)
        features = self.basis * self.weigh(latent)[:, :, None, None]
        picture = self.to_picture(self.stages(features))
        return picture.tanh() if self.bounded else picture

    def latent_matrices(self) -> list[Tensor]:
        """The matrix (rows, latent) by which z enters."""
        return [matrix_of(self.weigh)[:, : self.latent]]


class Discriminator(nn.Module):
    """Picture to logit: what a learned basis of 4x4 features says of it, or its product with the label's embedding.

    The product is the projection of Miyato & Koyama (2018, arXiv:1802.05637), without their term for all classes.

    Args:
        resolution: side of the picture, a power of two from 8 on.
        channels: of the picture.
        embedding: size of a label's embedding.
        classes: of labels; 0 for none.
        **stages: see `residual_stages`.
    """

    def __init__(self, resolution: int, channels: int, embedding: int = 64, classes: int = 0, **stages: int) -> None:
        super().__init__()
        check_sizes(embedding=embedding)
        widths, residual = residual_stages(resolution, up=False, **stages)
        self.from_picture = nn.Conv2d(channels, widths[0], 1, bias=False)
        self.stages = residual
        self.basis = nn.Conv2d(widths[-1], widths[-1], 4, groups=widths[-1], bias=False)
        self.judge = nn.Linear(widths[-1], embedding if classes else 1, bias=False)
        self.embedding = nn.Embedding(classes, embedding) if classes else None
        for weight in (self.from_picture.weight, self.basis.weight, self.judge.weight):
            linear_weights(weight)
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, 0.0, embedding**-0.5)

    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, channels, resolution, resolution) in [-1, 1] and labels (n,) to logits (n,)."""
        answer = self.judge(self.basis(self.stages(self.from_picture(image))).flatten(1))
        if self.embedding is not None:
            answer = answer * self.embedding(_given(label))
        return answer.sum(1)


def _given(label: Tensor | None) -> Tensor:
    if label is None:
        raise ValueError("this network is conditioned on classes and needs a label")
    return label
