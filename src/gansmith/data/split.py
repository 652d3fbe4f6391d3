"""A fixed train/test split for sets that publish none.

Whether a picture is held out depends on a hash of its own content, so that every machine agrees, names and
order do not matter, adding pictures moves no other (unless one side would be empty), and equal pictures never
lie on both sides. Equal means: in what the key is made of, which is the file for encoded pictures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor


def held_out(keys: Sequence[bytes], fraction: float) -> Tensor:
    """Which of the pictures with the contents `keys` belong to the test split: bool (N,).

    About `fraction` of them; of two pictures that differ, one on each side, unless `fraction` is 0.
    """
    places = torch.tensor([_place(key) for key in keys], dtype=torch.float64)
    if fraction == 0 or not len(places):
        return torch.zeros(len(places), dtype=torch.bool)
    return ((places < fraction) | (places == places.min())) & (places != places.max())


def of_split(split: str, keys: Sequence[bytes], fraction: float) -> Tensor:
    """Which of the pictures belong to `split` ("train" or "test"): bool (N,)."""
    test = held_out(keys, fraction)
    return test if split == "test" else ~test


def _place(key: bytes) -> float:
    """A place in [0, 1) that looks uniform over keys."""
    return int.from_bytes(hashlib.blake2b(key, digest_size=6).digest(), "big") / 2**48
