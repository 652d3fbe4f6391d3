"""Networks of BigGAN (Brock et al., 2019, arXiv:1809.11096, appendix B, figure 15).

For ImageNet at 128 px, with 120 latents and 96 features, they are the paper's (table 4): 70,433,988 and 87,982,370
parameters. At 32 px and below, widths are those of StudioGAN's networks for CIFAR-10.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn, relu
from torch.nn.functional import avg_pool2d, interpolate

from gansmith.errors import ConfigError
from gansmith.networks.attention import SelfAttention
from gansmith.networks.matrices import matrix_of
from gansmith.networks.orthogonal import orthogonal_weights
from gansmith.networks.sizes import check_sizes
from gansmith.networks.spectral import spectral_norm

# In multiples of `features`. The generator: at 4x4, and behind each block. Tables 4, 5 and 6; 64 px as in the
# author's PyTorch code.
GENERATOR_WIDTHS = {
    **{resolution: (4,) * (resolution.bit_length() - 2) for resolution in (8, 16, 32)},
    64: (16, 16, 8, 4, 2),
    128: (16, 16, 8, 4, 2, 1),
    256: (16, 16, 8, 8, 4, 2, 1),
    512: (16, 16, 8, 8, 4, 2, 1, 1),
}
# The discriminator: behind each block.
DISCRIMINATOR_WIDTHS = {
    8: (2, 2, 2),
    16: (2, 2, 2),
    32: (2, 2, 2, 2),
    64: (1, 2, 4, 8, 16),
    128: (1, 2, 4, 8, 16, 16),
    256: (1, 2, 4, 8, 8, 16, 16),
    512: (1, 1, 2, 4, 8, 8, 16, 16),
}
# Of the discriminator's blocks, those at the end that keep the side.
FLAT_BLOCKS = {resolution: 2 if resolution <= 32 else 1 for resolution in DISCRIMINATOR_WIDTHS}


def chunk_sizes(latent: int, chunks: int) -> list[int]:
    """Sizes of the parts of z, for the first layer and for each block, as even as can be (appendix B).

    Raises:
        ConfigError: z has fewer entries than there are parts.
    """
    if latent < chunks:
        raise ConfigError(f"model.latent is {latent}; this generator cuts it into {chunks} parts")
    return [latent // chunks + (chunk < latent % chunks) for chunk in range(chunks)]


class Generator(nn.Module):
    """Latent to picture: each block's batch norm sees its own part of z, and an embedding that all blocks share.

    Args:
        resolution: side of the picture, a power of two from 8 to 512.
        channels: of the picture.
        latent: size of z.
        features: `ch` of the paper.
        shared: size of a label's embedding.
        classes: of labels; 0 for none: norms then see z alone.
        attention: side of the features that self-attention follows, or half the picture's where that is less
            (tables 4 to 6); None for no attention.

    Raises:
        ConfigError: a size out of range, or no features of that side.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        latent: int = 120,
        features: int = 96,
        shared: int = 128,
        classes: int = 0,
        attention: int | None = 64,
    ) -> None:
        super().__init__()
        check_sizes(latent=latent, features=features, shared=shared)
        widths = _widths(GENERATOR_WIDTHS, resolution, features)
        self.chunks = chunk_sizes(latent, len(widths))
        self.classes = classes
        self.embedding = nn.Embedding(classes, shared) if classes else None
        self.first = _linear(self.chunks[0], 16 * widths[0])
        label = shared if classes else 0
        self.blocks = nn.ModuleList(
            Enlarging(*both, chunk + label) for both, chunk in zip(pairwise(widths), self.chunks[1:])
        )
        sides = [4 * 2**doubling for doubling in range(len(widths))]
        self.attended = _attended(attention, resolution, sides)
        self.attention = None if self.attended is None else SelfAttention(widths[self.attended])
        self.norm = nn.BatchNorm2d(widths[-1])
        self.last = _convolution(widths[-1], channels, 3)
        self.apply(orthogonal_weights)

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, latent) and, where there are classes, (n,) int64 to (n, channels, resolution, resolution) in [-1, 1].

        Raises:
            ValueError: there are classes and no labels.
        """
        first, *chunks = latent.split(self.chunks, dim=1)
        if self.embedding is not None:
            shared = self.embedding(_given(label, self.classes))
            chunks = [torch.cat([shared, chunk], dim=1) for chunk in chunks]
        features = self._attend(0, self.first(first).unflatten(1, (-1, 4, 4)))
        for number, (block, condition) in enumerate(zip(self.blocks, chunks), start=1):
            features = self._attend(number, block(features, condition))
        return self.last(relu(self.norm(features))).tanh()

    def latent_matrices(self) -> list[Tensor]:
        """The matrix (rows, latent) by which z enters: its first part the first layer, the others the norms."""
        readers = [[self.first], *(block.readers() for block in self.blocks if isinstance(block, Enlarging))]
        # The embedding of a label comes before z's own part.
        parts = (
            torch.cat([matrix_of(reader)[:, -chunk:] for reader in own]) for own, chunk in zip(readers, self.chunks)
        )
        return [torch.block_diag(*parts)]

    def _attend(self, number: int, features: Tensor) -> Tensor:
        return self.attention(features) if self.attention is not None and number == self.attended else features


class Discriminator(nn.Module):
    """Picture to logit; with classes D(x, y) = ψ(φ(x)) + V_y · φ(x) (Miyato & Koyama, 2018, arXiv:1802.05637).

    φ is the sum over all places of what residual blocks make of the picture.

    Args:
        resolution: side of the picture, a power of two from 8 to 512.
        channels: of the picture.
        features: `ch` of the paper.
        classes: of labels that are projected on the features; 0 for none.
        attention: see `Generator`.

    Raises:
        ConfigError: a size out of range, or no features of that side.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        features: int = 96,
        classes: int = 0,
        attention: int | None = 64,
    ) -> None:
        super().__init__()
        check_sizes(features=features)
        widths = _widths(DISCRIMINATOR_WIDTHS, resolution, features)
        halving = len(widths) - FLAT_BLOCKS[resolution]
        self.blocks = nn.ModuleList(
            Judging(*both, halves=block < halving, is_first=block == 0)
            for block, both in enumerate(pairwise([channels, *widths]))
        )
        self.attended = _attended(attention, resolution, [resolution // 2 ** (block + 1) for block in range(halving)])
        self.attention = None if self.attended is None else SelfAttention(widths[self.attended])
        self.classes = classes
        self.output = _linear(widths[-1], 1)
        self.embedding = spectral_norm(nn.Embedding(classes, widths[-1])) if classes else None
        self.apply(orthogonal_weights)

    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, channels, resolution, resolution) in [-1, 1] and, where there are classes, labels (n,) to logits (n,).

        Raises:
            ValueError: there are classes and no labels.
        """
        features = self.features(image)
        logits = self.output(features).flatten()
        if self.embedding is None:
            return logits
        return logits + (self.embedding(_given(label, self.classes)) * features).sum(1)

    def features(self, image: Tensor) -> Tensor:
        """φ: (n, channels, resolution, resolution) in [-1, 1] to (n, width of the last block)."""
        features = image
        for number, block in enumerate(self.blocks):
            features = block(features)
            if self.attention is not None and number == self.attended:
                features = self.attention(features)
        return relu(features).sum((2, 3))


class ConditionedBatchNorm(nn.Module):
    """Batch norm whose scale 1 + A c and shift B c are linear in the condition c (appendix B)."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width, affine=False)
        self.scale, self.shift = _linear(condition, width, bias=False), _linear(condition, width, bias=False)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """(n, width, h, w) and (n, condition) to (n, width, h, w)."""
        scale, shift = 1 + self.scale(condition), self.shift(condition)
        return scale[:, :, None, None] * self.norm(features) + shift[:, :, None, None]


class Enlarging(nn.Module):
    """The generator's block (figure 15b), which doubles the side between norm and convolution."""

    def __init__(self, width: int, following: int, condition: int) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = ConditionedBatchNorm(width, condition), ConditionedBatchNorm(following, condition)
        self.convolution_1 = _convolution(width, following, 3)
        self.convolution_2 = _convolution(following, following, 3)
        self.skip = _convolution(width, following, 1)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        residual = self.convolution_1(_doubled(relu(self.norm_1(features, condition))))
        residual = self.convolution_2(relu(self.norm_2(residual, condition)))
        # A 1x1 convolution says the same behind the doubling, at four times the cost.
        return residual + _doubled(self.skip(features))

    def readers(self) -> list[nn.Module]:
        """The layers that read the condition."""
        return [layer for norm in (self.norm_1, self.norm_2) for layer in (norm.scale, norm.shift)]


class Judging(nn.Module):
    """The discriminator's block (figure 15c); the first one has pixels before it, which are not rectified.

    Both convolutions make as many channels as the block (appendix B), unlike those of SNGAN.
    """

    def __init__(self, width: int, following: int, halves: bool, is_first: bool) -> None:
        super().__init__()
        self.halves, self.is_first = halves, is_first
        self.convolution_1 = _convolution(width, following, 3)
        self.convolution_2 = _convolution(following, following, 3)
        learns_skip = halves or width != following
        self.skip = _convolution(width, following, 1) if learns_skip else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        residual = self.convolution_1(features if self.is_first else relu(features))
        residual = self.convolution_2(relu(residual))
        if not self.halves:
            return residual + self.skip(features)
        return avg_pool2d(residual, 2) + self.skip(avg_pool2d(features, 2))


def _widths(table: dict[int, tuple[int, ...]], resolution: int, features: int) -> list[int]:
    if resolution not in table:
        known = ", ".join(map(str, table))
        raise ConfigError(f"data.resolution is {resolution}; these networks are made for {known}")
    return [features * width for width in table[resolution]]


def _attended(attention: int | None, resolution: int, sides: list[int]) -> int | None:
    """The number of the features that attention follows."""
    if attention is None:
        return None
    side = min(attention, resolution // 2)
    if side not in sides:
        raise ConfigError(f"attention is {attention}; features of this network have sides {sides}")
    return sides.index(side)


def _given(label: Tensor | None, classes: int) -> Tensor:
    if label is None:
        raise ValueError(f"this network is conditioned on {classes} classes and needs a label")
    return label


def _doubled(features: Tensor) -> Tensor:
    return interpolate(features, scale_factor=2.0, mode="nearest")


def _convolution(width: int, following: int, size: int) -> nn.Module:
    return spectral_norm(nn.Conv2d(width, following, size, padding=size // 2))


def _linear(width: int, following: int, bias: bool = True) -> nn.Module:
    return spectral_norm(nn.Linear(width, following, bias))
