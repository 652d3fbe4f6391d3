"""Random numbers that do not depend on how a batch is split among ranks and chunks."""

from __future__ import annotations

import hashlib
from typing import Protocol

import torch
from torch import Tensor


def mix_seed(*parts: int | str) -> int:
    """One 63-bit seed from several numbers or names; neighbouring inputs give unrelated seeds."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


class Draws(Protocol):
    """A source of random numbers for the rows of a batch; each call continues where the last one ended."""

    def normal(self, rows: int, *shape: int) -> Tensor:
        """Standard normal draws of shape (rows, *shape)."""

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """Uniform draws in [0, 1) of shape (rows, *shape)."""


class Noise:
    """Draws for rows `start` to `start + n` of a batch of `total` rows.

    Every draw is made for the whole batch and cut, so that two ranks with half the batch each, or
    four accumulated chunks, see the numbers that one process with the whole batch sees.

    Args:
        seed: the same on all ranks and for all chunks of a batch.
        total: rows of the global batch.
        start: first row of this rank's chunk.
        dtype: floating type of the draws.
        device: where they are made; CPU and GPU generators give different numbers for one seed.
    """

    def __init__(
        self, seed: int, total: int, start: int, dtype: torch.dtype, device: torch.device | str = "cpu"
    ) -> None:
        self.generator = torch.Generator(device).manual_seed(seed)
        self.total, self.start, self.dtype, self.device = total, start, dtype, device

    def normal(self, rows: int, *shape: int) -> Tensor:
        """Standard normal draws of shape (rows, *shape)."""
        whole = torch.empty(self.total, *shape, dtype=self.dtype, device=self.device)
        return whole.normal_(generator=self.generator)[self.start : self.start + rows]

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """Uniform draws in [0, 1) of shape (rows, *shape)."""
        whole = torch.empty(self.total, *shape, dtype=self.dtype, device=self.device)
        return whole.uniform_(generator=self.generator)[self.start : self.start + rows]


class NoiseByIndex:
    """Draws that each belong to a sample: row k depends on (seed, indices[k]) and earlier draws alone.

    So a sample is the same in any batch, on any rank and on any device.

    Args:
        seed: of all samples.
        indices: (n,) numbers of the samples.
        dtype: floating type of the draws.
        device: where they are wanted; they are made on the CPU.
    """

    def __init__(
        self, seed: int, indices: Tensor, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
    ) -> None:
        self.generators = [torch.Generator().manual_seed(mix_seed(seed, index)) for index in indices.tolist()]
        self.dtype, self.device = dtype, device

    def normal(self, rows: int, *shape: int) -> Tensor:
        """Standard normal draws of shape (rows, *shape); `rows` is the number of indices."""
        return self._stack([torch.randn(shape, generator=generator) for generator in self.generators])

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """Uniform draws in [0, 1) of shape (rows, *shape); `rows` is the number of indices."""
        return self._stack([torch.rand(shape, generator=generator) for generator in self.generators])

    def _stack(self, draws: list[Tensor]) -> Tensor:
        return torch.stack(draws).to(self.device, self.dtype)


def latents_by_index(indices: Tensor, size: int, seed: int) -> Tensor:
    """Standard normal latents (n, size), float32 on CPU: row k depends on (seed, indices[k]) alone."""
    return NoiseByIndex(seed, indices).normal(len(indices), size)
