"""The training loader: an endless stream in which a batch is a function of (seed, step) alone.

Nothing about it has to be saved: a run that resumes at step k asks for batch k. Ranks see slices of the same
global batch, so neither their number nor the number of workers changes what is trained on.
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from gansmith.data.imageset import ImageSet
from gansmith.errors import ConfigError, DataError

Batch = dict[str, Tensor]


class BatchStream:
    """Batches of a data set from step `start` on, without end.

    The samples come in an endless order, one random permutation of the set after another; the global batch
    of step k takes the places k B to (k + 1) B of it. No picture is dropped at the end of an epoch.

    dataset: the pictures.
    batch_size: B, the global batch; each of `world_size` ranks takes a contiguous B / world_size of it.
    horizontal_flip: mirror each sample with probability 1/2, one coin a place in the order.
    workers: processes that decode ahead; a set that lives in memory needs none and uses none.
    pin_memory: put batches where a GPU can fetch them without the step waiting.
    Raises ConfigError if the batch does not divide among the ranks or is larger than the set.
    """

    def __init__(
        self,
        dataset: ImageSet,
        batch_size: int,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        start: int = 0,
        horizontal_flip: bool = False,
        workers: int = 0,
        pin_memory: bool = False,
    ) -> None:
        if batch_size % world_size:
            raise ConfigError(f"data.batch_size={batch_size} does not divide among {world_size} processes")
        if not 1 <= batch_size <= len(dataset):
            raise ConfigError(f"data.batch_size={batch_size} must be from 1 to {len(dataset)}, the size of the set")
        self.dataset = dataset
        self.batch_size = batch_size
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.start = start
        self.horizontal_flip = horizontal_flip
        self.workers = 0 if dataset.in_memory else workers
        self.pin_memory = pin_memory
        self.waited = 0.0
        self._first: float | None = None
        self._epochs: dict[int, tuple[Tensor, Tensor]] = {}

    @property
    def elapsed(self) -> float:
        """Seconds since the first batch was asked for; `waited` of them were spent inside the stream."""
        return 0.0 if self._first is None else time.perf_counter() - self._first

    def __iter__(self) -> Iterator[Batch]:
        batches = self._decoded_ahead() if self.workers else self._decoded_here()
        while True:
            begin = time.perf_counter()
            self._first = begin if self._first is None else self._first
            batch = next(batches)
            self.waited += time.perf_counter() - begin
            yield batch

    def batch(self, step: int) -> Batch:
        """This rank's part of the batch of `step`: `image` uint8 (b, C, H, W), `label` int64 (b,) if any."""
        indices, flipped = self.samples(step)
        images = self.dataset.batch(indices)
        if self.horizontal_flip:
            images = torch.where(flipped[:, None, None, None], images.flip(-1), images)
        batch = {"image": images}
        if self.dataset.labels is not None:
            batch["label"] = self.dataset.labels[indices]
        return batch

    def samples(self, step: int) -> tuple[Tensor, Tensor]:
        """This rank's samples of `step`: their indices, int64 (b,), and which are mirrored, bool (b,)."""
        share = self.batch_size // self.world_size
        begin = step * self.batch_size + self.rank * share
        epochs = range(begin // len(self.dataset), (begin + share - 1) // len(self.dataset) + 1)
        self._epochs = {epoch: self._epochs.get(epoch) or self._shuffled(epoch) for epoch in epochs}
        orders, coins = zip(*self._epochs.values(), strict=True)
        within = slice(begin % len(self.dataset), begin % len(self.dataset) + share)
        if len(epochs) == 1:
            return orders[0][within], coins[0][within]
        return torch.cat(orders)[within], torch.cat(coins)[within]

    def _shuffled(self, epoch: int) -> tuple[Tensor, Tensor]:
        """The order of an epoch, int64 (N,), and the coins of its places, bool (N,)."""
        hashed = hashlib.blake2b(f"{self.seed}/{epoch}".encode(), digest_size=8).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(hashed, "big") >> 1)
        order = torch.randperm(len(self.dataset), generator=generator)
        return order, torch.randint(2, order.shape, generator=generator).bool()

    def _decoded_here(self) -> Iterator[Batch]:
        for batch in map(self.batch, itertools.count(self.start)):
            yield {name: value.pin_memory() for name, value in batch.items()} if self.pin_memory else batch

    def _decoded_ahead(self) -> Iterator[Batch]:
        loader = DataLoader(
            _Steps(self),
            batch_size=None,
            sampler=itertools.count(self.start),
            num_workers=self.workers,
            pin_memory=self.pin_memory,
            # Workers are seeded from this one; the global generator belongs to the model.
            generator=torch.Generator(),
        )
        for batch in loader:
            if isinstance(batch, DataError):
                raise batch
            yield batch


class _Steps(Dataset):
    """A stream as a map from step to batch, for worker processes."""

    def __init__(self, stream: BatchStream) -> None:
        self.stream = stream

    def __getitem__(self, step: int) -> Batch | DataError:
        # Handed over as a value: raised in a worker, it would come back as a page of traceback.
        try:
            return self.stream.batch(step)
        except DataError as error:
            return error
