"""How wide StyleGAN2's stages are."""

from __future__ import annotations

from gansmith.errors import ConfigError
from gansmith.networks.dcgan import stage_widths


def widths_from_4x4(resolution: int, width: float, most: int) -> list[int]:
    """Channels at 4x4, 8x8, ..., resolution: 32768 `width` divided by the side, at most `most`.

    A width of 1 and at most 512 are configuration f of arXiv:1912.04958; a width of 0.5 is what is used up to 256 px.

    Raises:
        ConfigError: the resolution is no power of two from 8 on, or the width leaves no channel.
    """
    sides = [4 * 2**doubling for doubling in range(len(stage_widths(resolution, 1)) + 1)]
    widths = [min(int(32768 * width) // side, most) for side in sides]
    if min(widths) < 1:
        raise ConfigError(f"width is {width}; at {resolution} px it is from {resolution / 32768} on")
    return widths
