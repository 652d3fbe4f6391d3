"""The order in which the pictures of a set come: every one once before any comes again."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor


class EndlessOrder:
    """One random permutation of 0, ..., size - 1 after another, and a coin at every place.

    A place is a function of (seed, size) alone, however one comes to ask for it.
    """

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self.seed = seed
        self._epochs: dict[int, tuple[Tensor, Tensor]] = {}

    def at(self, begin: int, count: int) -> tuple[Tensor, Tensor]:
        """The places `begin` to `begin + count`: what comes there, int64 (count,), and their coins, bool (count,)."""
        epochs = range(begin // self.size, (begin + count - 1) // self.size + 1)
        self._epochs = {epoch: self._epochs.get(epoch) or self._shuffled(epoch) for epoch in epochs}
        orders, coins = zip(*self._epochs.values(), strict=True)
        within = slice(begin % self.size, begin % self.size + count)
        if len(epochs) == 1:
            return orders[0][within], coins[0][within]
        return torch.cat(orders)[within], torch.cat(coins)[within]

    def _shuffled(self, epoch: int) -> tuple[Tensor, Tensor]:
        hashed = hashlib.blake2b(f"{self.seed}/{epoch}".encode(), digest_size=8).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(hashed, "big") >> 1)
        order = torch.randperm(self.size, generator=generator)
        return order, torch.randint(2, order.shape, generator=generator).bool()
