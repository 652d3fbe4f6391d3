"""Random parameters of the rows of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor

from gansmith.noise import Draws


def between(draws: Draws, rows: int, low: float, high: float) -> Tensor:
    """Uniform draws (rows,) from [low, high)."""
    return low + (high - low) * draws.uniform(rows)


def one_of(draws: Draws, rows: int, probabilities: Sequence[float]) -> Tensor:
    """Numbers (rows,), int64, of alternatives whose probabilities sum to one."""
    chance = draws.uniform(rows)
    limits = torch.tensor(list(accumulate(probabilities))[:-1], dtype=chance.dtype, device=chance.device)
    return torch.bucketize(chance, limits, right=True)


def happens(draws: Draws, rows: int, probability: float) -> Tensor:
    """Booleans (rows,)."""
    return draws.uniform(rows) < probability
