"""Residual networks of SNGAN and WGAN-GP (Miyato et al., 2018, arXiv:1802.05957, appendix B.4).

With classes, conditional batch norm in the generator and a projection in the discriminator (Miyato & Koyama, 2018,
arXiv:1802.05637); with self-attention at one side, those of SAGAN (Zhang et al., 2018, arXiv:1805.08318).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn, relu
from torch.nn.functional import avg_pool2d, interpolate

from gansmith.errors import ConfigError
from gansmith.networks import dcgan
from gansmith.networks.attention import SelfAttention
from gansmith.networks.conditional_norm import ConditionalBatchNorm
from gansmith.networks.matrices import matrix_of
from gansmith.networks.sizes import check_sizes
from gansmith.networks.spectral import spectral_norm

NORMS = ("spectral", "none")
POOLS = {"sum": torch.sum, "mean": torch.mean}


def generator_widths(resolution: int, width: float) -> list[int]:
    """Channels at 4x4, 8x8, ..., resolution: `width` times 256 everywhere up to 32 px (table 4), and beyond that
    times 64 at full size, doubled with each halving up to 1,024 (table 6, and the authors' code for 64 px).

    Raises:
        ConfigError: the resolution is no power of two from 8 on, or the width is not above 0.
    """
    doublings = _doublings(resolution)
    sides = [4 * 2**doubling for doubling in range(doublings + 1)]
    return [_share(width, 256 if resolution <= 32 else 64 * min(resolution // side, 16)) for side in sides]


def discriminator_stages(resolution: int, width: float) -> list[tuple[int, bool]]:
    """For each block its channels, and whether it halves the side.

    `width` times 128 everywhere up to 32 px: down to 8x8, then two blocks more. Beyond that 64 to 1,024: down to 4x4
    and one block more, or down to 2x2 at 64 px (the authors' code).

    Raises:
        ConfigError: the resolution is no power of two from 8 on, or the width is not above 0.
    """
    doublings = _doublings(resolution)
    if resolution <= 32:
        halvings = max(doublings - 1, 1)
        return [(_share(width, 128), block < halvings) for block in range(halvings + 2)]
    halvings = max(doublings, 5)
    return [(_share(width, 64 * min(2**block, 16)), block < halvings) for block in range(doublings + 1)]


def _doublings(resolution: int) -> int:
    return len(dcgan.stage_widths(resolution, 1))


def _share(width: float, published: int) -> int:
    if width <= 0:
        raise ConfigError(f"width is {width}; it is a share of the published widths, above 0")
    return max(round(width * published), 1)


class Generator(nn.Module):
    """Latent to picture.

    At 32 px, 3 channels, 128 latents and width 1 4,276,739 parameters.

    Args:
        resolution: side of the picture, a power of two from 8 on.
        channels: of the picture.
        latent: size of z.
        width: share of the published widths.
        classes: labels that choose scales and shifts of batch norm; 0 for none.
        spectral: spectral norm on all convolutions and the linear layer, as in SAGAN (section 4.1 there).
        attention: self-attention follows the largest stage of at most this side; None for none.

    Raises:
        ConfigError: a size out of range, or no stage that small.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        latent: int = 128,
        width: float = 1.0,
        classes: int = 0,
        spectral: bool = False,
        attention: int | None = None,
    ) -> None:
        super().__init__()
        check_sizes(latent=latent)
        widths = generator_widths(resolution, width)
        sides = [8 * 2**block for block in range(len(widths) - 1)]
        self.first = _linear(latent, 16 * widths[0], spectral)
        self.blocks = nn.ModuleList(Enlarging(*both, classes, spectral) for both in pairwise(widths))
        self.attend = _attention_at(attention, sides, widths[1:], spectral)
        self.norm = nn.BatchNorm2d(widths[-1])
        self.last = _convolution(widths[-1], channels, 3, 1.0, spectral)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, latent) and, where there are classes, (n,) int64 to (n, channels, resolution, resolution) in [-1, 1]."""
        features = self.first(latent).unflatten(1, (-1, 4, 4))
        for block, attend in zip(self.blocks, self.attend):
            features = attend(block(features, label))
        return self.last(relu(self.norm(features))).tanh()

    def latent_matrices(self) -> list[Tensor]:
        """The matrix (rows, latent) by which z enters."""
        return [matrix_of(self.first)]


class Trunk(nn.Module):
    """Picture to the features φ(x) that heads read: residual blocks, then the sum or the mean over all places.

    Args:
        resolution: side of the picture, a power of two from 8 on.
        channels: of the picture.
        width: share of the published widths.
        norm: `spectral` on all layers, or `none`, as WGAN-GP asks.
        attention: self-attention follows the largest stage of at most this side; None for none.
        pool: `sum`, or `mean` as in the critic of WGAN-GP's authors.

    Raises:
        ConfigError: a size out of range, no stage that small, another norm or another pool.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        width: float = 1.0,
        norm: str = "spectral",
        attention: int | None = None,
        pool: str = "sum",
    ) -> None:
        super().__init__()
        for name, value, known in (("norm", norm, NORMS), ("pool", pool, POOLS)):
            if value not in known:
                raise ConfigError(f"{name} is {value!r}; it can be {', '.join(known)}")
        self.spectral, self.pool = norm == "spectral", pool
        stages = discriminator_stages(resolution, width)
        widths = [stage for stage, _ in stages]
        self.blocks = nn.ModuleList(
            Judging(before, following, halves, self.spectral, is_first=block == 0)
            for block, (before, (following, halves)) in enumerate(zip([channels, *widths], stages))
        )
        sides = [resolution // 2 ** (block + 1) for block, (_, halves) in enumerate(stages) if halves]
        flat = len(stages) - len(sides)
        self.attend = _attention_at(attention, [*sides, *[0] * flat], widths, self.spectral)
        self.width = widths[-1]

    def features(self, image: Tensor) -> Tensor:
        """(n, channels, resolution, resolution) in [-1, 1] to (n, self.width)."""
        features = image
        for block, attend in zip(self.blocks, self.attend):
            features = attend(block(features))
        return POOLS[self.pool](relu(features), dim=(2, 3))


class Discriminator(Trunk):
    """Picture to logit; with classes D(x, y) = ψ(φ(x)) + V_y · φ(x) (arXiv:1802.05637, equation 3).

    At 32 px, 3 channels, width 1 and without classes 1,053,825 parameters.

    Args:
        resolution, channels, width, norm, attention, pool: see `Trunk`.
        classes: labels that are projected on the features; 0 for none.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        width: float = 1.0,
        classes: int = 0,
        norm: str = "spectral",
        attention: int | None = None,
        pool: str = "sum",
    ) -> None:
        super().__init__(resolution, channels, width, norm, attention, pool)
        self.classes = classes
        self.output = _linear(self.width, 1, self.spectral)
        if classes:
            self.embedding = nn.Embedding(classes, self.width)
            nn.init.xavier_uniform_(self.embedding.weight)
            if self.spectral:
                spectral_norm(self.embedding)

    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, channels, resolution, resolution) in [-1, 1] and, where there are classes, labels (n,) to logits (n,).

        Raises:
            ValueError: there are classes and no labels.
        """
        features = self.features(image)
        logits = self.output(features).flatten()
        if not self.classes:
            return logits
        if label is None:
            raise ValueError(f"this network is conditioned on {self.classes} classes and needs a label")
        return logits + (self.embedding(label) * features).sum(1)


class AuxiliaryDiscriminator(Trunk):
    """Picture to logit and to logits of its class (Odena et al., 2017, arXiv:1610.09585).

    Args:
        classes: that are told apart, from 1 on.
        resolution, channels, width, norm, attention, pool: see `Trunk`.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        classes: int,
        width: float = 1.0,
        norm: str = "spectral",
        attention: int | None = None,
        pool: str = "sum",
    ) -> None:
        super().__init__(resolution, channels, width, norm, attention, pool)
        check_sizes(classes=classes)
        self.output = _linear(self.width, 1, self.spectral)
        self.classify = _linear(self.width, classes, self.spectral)

    def forward(self, image: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(n, channels, resolution, resolution) in [-1, 1] to (n,) and (n, classes); labels are not looked at."""
        features = self.features(image)
        return self.output(features).flatten(), self.classify(features)


class Enlarging(nn.Module):
    """The generator's block, which doubles the side between norm and convolution."""

    def __init__(self, width: int, following: int, classes: int, spectral: bool) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = ConditionalBatchNorm(width, classes), ConditionalBatchNorm(following, classes)
        self.convolution_1 = _convolution(width, following, 3, 2**0.5, spectral)
        self.convolution_2 = _convolution(following, following, 3, 2**0.5, spectral)
        self.skip = _convolution(width, following, 1, 1.0, spectral)

    def forward(self, features: Tensor, label: Tensor | None) -> Tensor:
        residual = self.convolution_1(_doubled(relu(self.norm_1(features, label))))
        residual = self.convolution_2(relu(self.norm_2(residual, label)))
        # A 1x1 convolution says the same behind the doubling, at four times the cost.
        return residual + _doubled(self.skip(features))


class Judging(nn.Module):
    """The discriminator's block; the first one has pixels before it, which are not rectified."""

    def __init__(self, width: int, following: int, halves: bool, spectral: bool, is_first: bool) -> None:
        super().__init__()
        self.halves, self.is_first = halves, is_first
        hidden = following if is_first else width
        self.convolution_1 = _convolution(width, hidden, 3, 2**0.5, spectral)
        self.convolution_2 = _convolution(hidden, following, 3, 2**0.5, spectral)
        learns_skip = halves or width != following
        self.skip = _convolution(width, following, 1, 1.0, spectral) if learns_skip else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        residual = self.convolution_1(features if self.is_first else relu(features))
        residual = self.convolution_2(relu(residual))
        if not self.halves:
            return residual + self.skip(features)
        return avg_pool2d(residual, 2) + self.skip(avg_pool2d(features, 2))


def _doubled(features: Tensor) -> Tensor:
    return interpolate(features, scale_factor=2.0, mode="nearest")


def _attention_at(limit: int | None, sides: list[int], widths: list[int], spectral: bool) -> nn.ModuleList:
    """For each stage self-attention or the identity; a stage of side 0 has no attention of its own."""
    places = [place for place, side in enumerate(sides) if limit is not None and 0 < side <= limit]
    if limit is not None and not places:
        smallest = min(side for side in sides if side)
        raise ConfigError(f"attention is {limit}; the smallest stage of this network has side {smallest}")
    chosen = max(places, key=lambda place: sides[place], default=None)
    return nn.ModuleList(
        SelfAttention(width, spectral) if place == chosen else nn.Identity() for place, width in enumerate(widths)
    )


def _convolution(width: int, following: int, size: int, gain: float, spectral: bool) -> nn.Module:
    return _initialised(nn.Conv2d(width, following, size, padding=size // 2), gain, spectral)


def _linear(width: int, following: int, spectral: bool) -> nn.Module:
    return _initialised(nn.Linear(width, following), 1.0, spectral)


def _initialised(layer: nn.Conv2d | nn.Linear, gain: float, spectral: bool) -> nn.Module:
    """Glorot's uniform weights, √2 times wider before rectifiers, and no bias, as in the authors' code."""
    nn.init.xavier_uniform_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return spectral_norm(layer) if spectral else layer
