"""The U-Net of all that diffuses (Ho et al., 2020, arXiv:2006.11239, appendix B; Imagen: arXiv:2205.11487, B.1)."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle, pixel_unshuffle, scaled_dot_product_attention, silu

from gansmith.errors import ConfigError
from gansmith.networks.initial import zeroed
from gansmith.networks.sizes import check_sizes

HEAD = 32
"""Channels of an attention head."""

SCALE = 1000.0
"""Times in [0, 1] are encoded as the thousand steps of arXiv:2006.11239 would be."""


class Caption(Protocol):
    """What the network reads: tokens (n, L, d), mask (n, L) bool, True where there is one, and pooled (n, d)."""

    tokens: Tensor
    mask: Tensor
    pooled: Tensor


class TimeEncoding(nn.Module):
    """A number in [0, 1] as sines and cosines of it, then a perceptron."""

    def __init__(self, size: int) -> None:
        super().__init__()
        half = size // 4
        self.register_buffer("frequencies", SCALE * torch.exp(-math.log(10000) * torch.arange(half) / half), False)
        self.layers = nn.Sequential(nn.Linear(2 * half, size), nn.SiLU(), nn.Linear(size, size))
        self.frequencies: Tensor

    def forward(self, time: Tensor) -> Tensor:
        """(n,) to (n, size)."""
        angle = time[:, None] * self.frequencies
        return self.layers(torch.cat([angle.sin(), angle.cos()], dim=1))


class ResidualBlock(nn.Module):
    """Two convolutions behind group norms; the condition scales and shifts the second norm's output.

    Dhariwal & Nichol, 2021, arXiv:2105.05233, section 3. The last convolution starts at zero.
    """

    def __init__(self, width: int, following: int, condition: int) -> None:
        super().__init__()
        self.norm, self.following_norm = _norm(width), _norm(following)
        self.first = nn.Conv2d(width, following, 3, padding=1)
        self.affine = nn.Linear(condition, 2 * following)
        self.second = zeroed(nn.Conv2d(following, following, 3, padding=1))
        self.shortcut = nn.Conv2d(width, following, 1) if width != following else nn.Identity()

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """(n, width, s, s) and (n, condition), behind its activation, to (n, following, s, s)."""
        hidden = self.following_norm(self.first(silu(self.norm(features))))
        scale, shift = self.affine(condition)[:, :, None, None].chunk(2, dim=1)
        return self.shortcut(features) + self.second(silu(torch.addcmul(shift, hidden, 1 + scale)))


class Attention(nn.Module):
    """Places attend to all places and to the caption's tokens, which are keys and values beside theirs.

    Nichol et al., 2022, arXiv:2112.10741, section 3; Imagen, arXiv:2205.11487, section 2.4. Starts at zero.
    """

    def __init__(self, width: int, text: int | None) -> None:
        super().__init__()
        if width % HEAD:
            raise ConfigError(f"model.features: attention at {width} channels; it takes multiples of {HEAD}")
        self.norm, self.heads = _norm(width), width // HEAD
        self.queries = nn.Conv2d(width, 3 * width, 1)
        self.tokens = nn.Sequential(nn.LayerNorm(text), nn.Linear(text, 2 * width)) if text else None
        self.last = zeroed(nn.Conv2d(width, width, 1))

    def forward(self, features: Tensor, text: Caption | None) -> Tensor:
        """(n, width, s, s) to the same."""
        seen = self.queries(self.norm(features)).flatten(2).unflatten(1, (3, self.heads, HEAD)).transpose(3, 4)
        query, key, value = seen.contiguous().unbind(1)
        allowed = None
        if self.tokens is not None:
            assert text is not None
            said = self.tokens(text.tokens).unflatten(2, (2, self.heads, HEAD)).permute(2, 0, 3, 1, 4)
            key, value = torch.cat([key, said[0]], dim=2), torch.cat([value, said[1]], dim=2)
            places = text.mask.new_ones(len(text.mask), query.shape[2])
            allowed = torch.cat([places, text.mask], dim=1)[:, None, None]
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        return features + self.last(mixed.transpose(2, 3).flatten(1, 2).unflatten(2, features.shape[2:]))


class Stage(nn.Module):
    """Residual blocks at one side, attention behind each where it is wanted."""

    def __init__(self, widths: list[int], following: int, condition: int, text: int | None, attends: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(ResidualBlock(width, following, condition) for width in widths)
        self.attention = nn.ModuleList(Attention(following, text) for _ in widths if attends)

    def forward(self, features: Tensor, condition: Tensor, text: Caption | None, skips: list[Tensor]) -> list[Tensor]:
        """What each block gives, the last one last; a block takes one of `skips` beside its input, while there are."""
        outputs = []
        for place, block in enumerate(self.blocks):
            features = block(torch.cat([features, skips.pop()], 1) if skips else features, condition)
            features = self.attention[place](features, text) if self.attention else features
            outputs.append(features)
        return outputs


class UNet(nn.Module):
    """Noisy picture and time, with whatever conditions it, to a prediction of the picture's shape.

    Args:
        channels: of the picture.
        resolution: its side, a multiple of `patch` times 2 to the number of halvings.
        features: width of the first stage, a multiple of 32 where there is attention.
        multipliers: of the stages' widths; each stage but the first has half the side of the one before.
        blocks: residual blocks of a stage on the way down; one more on the way up.
        attention: sides, in places, of the stages that attend.
        patch: side of the square of pixels that is one place for the network: 2 does with a quarter of the work.
        condition: size of the caption's tokens and of the whole; None reads no captions.
        embedding: size of a vector that the picture is drawn from; None takes none.
        beside: channels of a picture of the same side that is given, as a smaller one enlarged; 0 for none. With it
            comes the level of noise that it was given.

    Raises:
        ConfigError: a size that does not work; also a patch of more numbers than features, which noise does not fit
            through.
    """

    def __init__(
        self,
        channels: int,
        resolution: int,
        features: int = 32,
        multipliers: tuple[int, ...] | list[int] = (1, 2),
        blocks: int = 1,
        attention: tuple[int, ...] | list[int] = (),
        patch: int = 1,
        condition: int | None = None,
        embedding: int | None = None,
        beside: int = 0,
    ) -> None:
        super().__init__()
        check_sizes(features=features, blocks=blocks, patch=patch)
        _check_patch(channels, resolution, features, patch, halvings=len(multipliers) - 1)
        widths = [features * multiplier for multiplier in multipliers]
        sides = [resolution // patch // 2**halvings for halvings in range(len(widths))]
        if unknown := [side for side in attention if side not in sides]:
            raise ConfigError(f"attention is at side {unknown[0]}; at {resolution} px, stages have {sides}")
        size = 4 * features
        self.channels, self.patch = channels, patch
        self.time = TimeEncoding(size)
        self.level = TimeEncoding(size) if beside else None
        self.text = nn.Sequential(nn.LayerNorm(condition), nn.Linear(condition, size)) if condition else None
        self.embedding = nn.Linear(embedding, size) if embedding else None
        self.first = nn.Conv2d((channels + beside) * patch**2, features, 3, padding=1)
        self.down, self.halvings = nn.ModuleList(), nn.ModuleList()
        self.up, self.doublings = nn.ModuleList(), nn.ModuleList()
        stage = partial(Stage, condition=size, text=condition)
        attends = [side in attention for side in sides]
        skips = self._build_down(widths, attends, blocks, stage)
        self.middle = stage([widths[-1], widths[-1]], widths[-1], attends=attends[-1])
        self._build_up(widths, attends, blocks, stage, skips)
        self.norm = _norm(widths[0])
        self.last = zeroed(nn.Conv2d(widths[0], channels * patch**2, 3, padding=1))

    def _build_down(
        self, widths: list[int], attends: list[bool], blocks: int, stage: Callable[..., Stage]
    ) -> list[int]:
        """The way down; widths of what it leaves beside the way up, in their order."""
        width = self.first.out_channels
        skips = [width]
        for place, following in enumerate(widths):
            self.down.append(stage([width, *[following] * (blocks - 1)], following, attends=attends[place]))
            skips += [following] * blocks
            width = following
            if place < len(widths) - 1:
                self.halvings.append(nn.Conv2d(width, width, 3, 2, 1))
                skips.append(width)
        return skips

    def _build_up(
        self, widths: list[int], attends: list[bool], blocks: int, stage: Callable[..., Stage], skips: list[int]
    ) -> None:
        """The way up, which takes what lies beside it, the last first."""
        width = widths[-1]
        for place, following in reversed(list(enumerate(widths))):
            ins = []
            for _ in range(blocks + 1):
                ins.append(width + skips.pop())
                width = following
            self.up.append(stage(ins, following, attends=attends[place]))
            if place:
                self.doublings.append(nn.Conv2d(width, width, 3, padding=1))

    def forward(
        self,
        noisy: Tensor,
        time: Tensor,
        text: Caption | None = None,
        embedding: Tensor | None = None,
        beside: Tensor | None = None,
        level: Tensor | None = None,
    ) -> Tensor:
        """(n, channels, resolution, resolution) and times (n,) in [0, 1] to the same shape.

        Args:
            text: captions of n rows.
            embedding: (n, embedding).
            beside: (n, beside, resolution, resolution).
            level: (n,) in [0, 1], the time of the noise in `beside`.
        """
        condition = silu(self._condition(time, text, embedding, level))
        shown = noisy if beside is None else torch.cat([noisy, beside], dim=1)
        features = self.first(pixel_unshuffle(shown, self.patch))
        skips = [features]
        for place, stage in enumerate(self.down):
            outputs = stage(features, condition, text, [])
            skips += outputs
            features = outputs[-1]
            if place < len(self.halvings):
                features = self.halvings[place](features)
                skips.append(features)
        features = self.middle(features, condition, text, [])[-1]
        for place, stage in enumerate(self.up):
            assert isinstance(stage, Stage)
            count = len(stage.blocks)
            taken, skips = skips[-count:], skips[:-count]
            features = stage(features, condition, text, taken)[-1]
            if place < len(self.doublings):
                features = self.doublings[place](interpolate(features, scale_factor=2))
        return pixel_shuffle(self.last(silu(self.norm(features))), self.patch)

    def _condition(self, time: Tensor, text: Caption | None, embedding: Tensor | None, level: Tensor | None) -> Tensor:
        """(n, 4 features): the sum of what time, caption, embedding and level say."""
        condition = self.time(time)
        if self.text is not None:
            assert text is not None
            condition = condition + self.text(text.pooled)
        if self.embedding is not None:
            assert embedding is not None
            condition = condition + self.embedding(embedding)
        if self.level is not None:
            assert level is not None
            condition = condition + self.level(level)
        return condition


def _check_patch(channels: int, resolution: int, features: int, patch: int, halvings: int) -> None:
    """Raises ConfigError for a side that can't be divided, or a patch whose noise does not fit through the network."""
    if resolution % (multiple := patch * 2**halvings):
        raise ConfigError(f"resolution is {resolution}; this U-Net takes multiples of {multiple}")
    if (numbers := channels * patch**2) > features:
        raise ConfigError(
            f"features are {features}, and a patch of {patch}x{patch} pixels has {numbers} numbers, "
            "all of which must fit through: a smaller patch, or more features"
        )


def _norm(width: int) -> nn.GroupNorm:
    return nn.GroupNorm(math.gcd(width, 8), width)
