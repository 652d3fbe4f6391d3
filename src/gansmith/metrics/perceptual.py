"""How different two pictures look to a network (Zhang et al., 2018, arXiv:1801.03924)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol as Interface

import torch
from torch import Tensor

from gansmith.ranges import to_unit_range

NETWORK = "efficientnet_lite0"
LAYERS = ("stage1", "stage2", "stage3", "stage5", "stage7")
"""The last stages at a half, a quarter, ... a thirty-second of the picture's side."""
TILE = 256
"""Pixels: the largest side that is looked at whole."""
TINY = 1e-10


class Features(Interface):
    """Pictures (n, 1 or 3, H, W) in [-1, 1] to feature maps (n, c, h, w) by layer."""

    def __call__(self, pictures: Tensor, layers: Collection[str] | None = None) -> dict[str, Tensor]: ...


def perceptual_distance(output: Tensor, truth: Tensor, features: Features) -> Tensor:
    """Equation 1 with all weights one, float64 (n,): 0 for equal pictures.

    At every place of every layer the channels are normalised to length one; squared differences are summed
    over channels, averaged over places, and summed over layers. Pictures with a side above 256 pixels are cut
    into the fewest tiles, of equal sides to a pixel, that are not; each is looked at by itself and counts by
    its area. So the memory needed does not grow with the picture.

    Args:
        output, truth: (n, 1 or 3, H, W), uint8 or floats in [-1, 1].
        features: of NETWORK.
    """
    total = torch.zeros(len(output), dtype=torch.float64)
    for first, second in zip(tiles(output), tiles(truth), strict=True):
        total += tile_distance(first, second, features) * first[0, 0].numel()
    return total / output[0, 0].numel()


def tiles(pictures: Tensor) -> list[Tensor]:
    """Parts of pictures (n, C, H, W), row by row."""
    rows, columns = (-(-side // TILE) for side in pictures.shape[-2:])
    return [tile for row in pictures.tensor_split(rows, -2) for tile in row.tensor_split(columns, -1)]


def tile_distance(output: Tensor, truth: Tensor, features: Features) -> Tensor:
    """Equation 1 of pictures that are looked at whole, float64 (n,) in memory."""
    ours, theirs = (features(to_unit_range(pictures), LAYERS) for pictures in (output, truth))
    layers = [(normalised(ours[layer]) - normalised(theirs[layer])).square().sum(1).mean((1, 2)) for layer in LAYERS]
    return torch.stack(layers).double().cpu().sum(0)


def normalised(features: Tensor) -> Tensor:
    """Features (n, c, h, w) with length one at every place."""
    return features / (features.square().sum(1, keepdim=True).sqrt() + TINY)
