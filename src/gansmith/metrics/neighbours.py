"""Samples beside the training pictures nearest to them: whoever memorises is seen here."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from gansmith.errors import DataError
from gansmith.metrics.collective import from_rank_zero
from gansmith.metrics.evaluate import extractor_for
from gansmith.metrics.features import extract
from gansmith.metrics.nearest import nearest
from gansmith.metrics.random_state import random_state_kept
from gansmith.metrics.reference import ImageSet, all_features

if TYPE_CHECKING:
    from gansmith.metrics.protocol import Protocol

MARGIN = 2
"""White pixels between pictures; twice as many after the sample."""

READABLE = 64
"""Pixels: smaller pictures are enlarged by the largest whole factor that keeps within it."""


def neighbour_sheet(
    sample: Callable[[Tensor], Tensor],
    reference: ImageSet,
    protocol: Protocol,
    *,
    device: str | torch.device,
    cache_dir: str | os.PathLike[str],
    count: int = 8,
    neighbours: int = 5,
) -> Tensor:
    """A row for each of samples 0..count-1: itself, and its nearest pictures in feature space from near to far.

    Collective, and leaves nothing changed, as `evaluate`; arguments as there, and

    Args:
        reference: the training pictures; all of them are looked through.
        count, neighbours: rows, and training pictures in a row.

    Returns uint8 (3, H, W) in memory, the same on every rank. Training pictures of another size than the
    samples are shown at the samples'.

    Raises DataError for fewer training pictures than neighbours.
    """
    if len(reference) < neighbours:
        raise DataError(f"data: {len(reference)} training pictures are too few to show {neighbours} neighbours of each")
    device = torch.device(device)
    with random_state_kept(device), torch.inference_mode():
        extractor = extractor_for(protocol, reference, device, cache_dir)
        real = all_features(reference, protocol, extractor, cache_dir)
        if not real.cached:
            real.compute()
        features, _ = extract(sample, count, extractor, protocol.batch_size)

        def numbers() -> Tensor:
            assert real.tensors is not None
            extractor.check(features)
            return nearest(features, real.tensors["features"], neighbours)[1]

        found = from_rank_zero(numbers, device)
        samples = sample(torch.arange(count)).cpu()
        return sheet(samples, torch.stack([like(samples, reference.batch(row)) for row in found]))


def like(samples: Tensor, pictures: Tensor) -> Tensor:
    """`pictures` (n, C, h, w) in the samples' size (., ., H, W)."""
    size = samples.shape[-2:]
    if pictures.shape[-2:] == size:
        return pictures
    resized = F.interpolate(pictures.float(), size, mode="bilinear", antialias=True)
    return resized.round().clamp(0, 255).to(torch.uint8)


def sheet(samples: Tensor, neighbours: Tensor) -> Tensor:
    """uint8 samples (n, C, H, W) and neighbours (n, k, C, H, W), C of 1 or 3, to one uint8 picture (3, ., .)."""
    wide = F.pad(_framed(samples), (0, MARGIN), value=255)
    columns = torch.cat([wide, *_framed(neighbours).unbind(1)], -1)
    return F.pad(torch.cat(columns.unbind(), -2), (MARGIN, 0, MARGIN, 0), value=255)


def _framed(pictures: Tensor) -> Tensor:
    """(..., C, H, W) in colour and readable, with MARGIN white pixels at the right and below."""
    factor = max(1, READABLE // max(pictures.shape[-2:]))
    colour = pictures.expand(*pictures.shape[:-3], 3, *pictures.shape[-2:])
    large = colour.repeat_interleave(factor, -2).repeat_interleave(factor, -1)
    return F.pad(large, (0, MARGIN, 0, MARGIN), value=255)
