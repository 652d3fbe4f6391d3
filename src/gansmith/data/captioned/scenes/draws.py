"""Random numbers of which each is a function of where it stands, so that any of them can be had alone."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

import numpy as np

T = TypeVar("T")

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
ROOM = np.uint64(1 << 16)


def uniforms(seed: int, indices: np.ndarray, count: int) -> np.ndarray:
    """Draws in [0, 1), float64 (n, count): number j of index i is a function of (seed, i, j) alone.

    SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014), taken at a place.

    indices: int64 (n,).
    """
    places = indices.astype(np.uint64)[:, None] * ROOM + np.arange(1, count + 1, dtype=np.uint64)
    mixed = _mixed(places * GOLDEN + np.array(seed, np.uint64))
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def pick(options: Sequence[T], chance: Random) -> T:
    """One of several. Of Python's draws, `random()` alone is promised to be the same in every version."""
    return options[int(chance.random() * len(options))]


def _mixed(state: np.ndarray) -> np.ndarray:
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
