"""The scores of an output beside its truth, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from gansmith.errors import ConfigError, DataError
from gansmith.metrics.luma import luma
from gansmith.metrics.ms_ssim import ms_ssim
from gansmith.metrics.psnr import l1, psnr
from gansmith.metrics.ssim import ssim

Score = Callable[[Tensor, Tensor], Tensor]


def on_luma(score: Score, output: Tensor, truth: Tensor) -> Tensor:
    """The score of the Y channels alone."""
    return score(luma(output), luma(truth))


PIXEL_SCORES: dict[str, Score] = {
    "psnr": psnr,
    "psnr_y": partial(on_luma, psnr),
    "ssim": ssim,
    "ssim_y": partial(on_luma, ssim),
    "ms_ssim": ms_ssim,
    "ms_ssim_y": partial(on_luma, ms_ssim),
    "l1": l1,
}
"""uint8 (n, 1 or 3, H, W) twice to float64 (n,)."""

NETWORK_SCORES = ("perceptual", "lpips")
"""Those that look through a network."""

SCORES = (*PIXEL_SCORES, *NETWORK_SCORES)


def pair_scores(output: Tensor, truth: Tensor, metrics: Sequence[str], by_network: Mapping[str, Score]) -> Tensor:
    """Float64 (n, metrics) in memory, the same on every machine but for those of networks.

    Args:
        output, truth: uint8 (n, 1 or 3, H, W).
        metrics: of SCORES.
        by_network: the distances of those that are NETWORK_SCORES.

    Raises:
        DataError: they differ in size, or are too small for a metric.
    """
    output, truth = same_size(output, truth)
    columns = []
    for metric in metrics:
        if metric in by_network:
            columns.append(by_network[metric](output, truth))
        else:
            columns.append(PIXEL_SCORES[metric](output.cpu(), truth.cpu()))
    return torch.stack(columns, 1)


def same_size(output: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Both with as many channels: grey beside colour counts as its three equal channels.

    Raises:
        DataError: pictures (n, 1 or 3, H, W) of different sizes.
    """
    if output.shape[-2:] != truth.shape[-2:]:
        sizes = (f"{height} x {width}" for height, width in (output.shape[-2:], truth.shape[-2:]))
        raise DataError(f"data: {' and '.join(sizes)} pixels can't be compared pixel by pixel; metrics=unpaired can")
    channels = max(output.shape[1], truth.shape[1])
    return output.expand(-1, channels, -1, -1), truth.expand(-1, channels, -1, -1)


def without_border(pictures: Tensor, border: int) -> Tensor:
    """Pictures (n, C, H, W) without `border` pixels at each edge. Raises ConfigError if that leaves nothing."""
    height, width = pictures.shape[-2:]
    if 2 * border >= min(height, width):
        raise ConfigError(f"metrics.crop_border={border} leaves nothing of a picture of {height} x {width} pixels")
    return pictures[..., border : height - border, border : width - border]
