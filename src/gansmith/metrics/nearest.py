"""Nearest neighbours among features, exact and in float64, for sets of any size."""

from collections.abc import Iterator

import torch
from torch import Tensor

BLOCK = 2**24
"""Distances at once (128 MB): those of 50,000 to 50,000 pictures together would take 20 GB."""

ROUNDING = 1e-10
"""Squared distances below this share of the squared lengths are none: a network computes features in float32, and
one picture's differ as much between batches of two sizes."""


def squared_distances(points: Tensor, others: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Of `points` (m, d) to `others` (n, d), as many rows at a time as fit: (first row, float64 (rows, n)).

    Equal features have a distance of exactly 0.
    """
    others = others.double()
    lengths = others.square().sum(1)
    rows = max(1, BLOCK // len(others))
    for number, block in enumerate(points.split(rows)):
        block = block.double()
        scale = block.square().sum(1, keepdim=True) + lengths
        squared = torch.addmm(scale, block, others.T, alpha=-2)
        yield number * rows, squared.masked_fill_(squared < ROUNDING * scale, 0)


def nearest(points: Tensor, samples: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k nearest of `samples` (n, d) to each of `points` (m, d), k <= n.

    Returns float64 distances (m, k), ascending, and the samples' numbers, int64 (m, k).
    """
    found = [squared.topk(k, largest=False) for _, squared in squared_distances(points, samples)]
    return torch.cat([block.values for block in found]).sqrt(), torch.cat([block.indices for block in found])


def nearest_others(samples: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The same for each of `samples` (n, d) among all the others, k < n."""
    found = []
    for first, squared in squared_distances(samples, samples):
        squared.diagonal(first).fill_(torch.inf)
        found.append(squared.topk(k, largest=False))
    return torch.cat([block.values for block in found]).sqrt(), torch.cat([block.indices for block in found])
