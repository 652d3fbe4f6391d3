"""The channel that papers on super-resolution score."""

from __future__ import annotations

from torch import Tensor

WEIGHTS = (65.481, 128.553, 24.966)
OFFSET = 16.0


def luma(pictures: Tensor) -> Tensor:
    """Y of ITU-R BT.601 as MATLAB's rgb2ycbcr has it, float64 (n, 1, H, W), 16 to 235; not rounded.

    Grey pictures are left as they are, 0 to 255, as in the papers' own evaluations.

    Args:
        pictures: (n, 1 or 3, H, W), values 0 to 255.
    """
    if pictures.shape[1] == 1:
        return pictures.double()
    channels = pictures.split(1, dim=1)
    return OFFSET + sum(weight / 255 * channel.double() for weight, channel in zip(WEIGHTS, channels, strict=True))
