"""The training loader of pictures of one size."""

from __future__ import annotations

import torch

from gansmith.data.imageset import ImageSet
from gansmith.data.order import EndlessOrder
from gansmith.data.steps import Batch, StepStream
from gansmith.errors import ConfigError


class BatchStream(StepStream):
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
        super().__init__(batch_size, rank, world_size, start, 0 if dataset.in_memory else workers, pin_memory)
        if not 1 <= batch_size <= len(dataset):
            raise ConfigError(f"data.batch_size={batch_size} must be from 1 to {len(dataset)}, the size of the set")
        self.dataset = dataset
        self.horizontal_flip = horizontal_flip
        self._order = EndlessOrder(len(dataset), seed)

    def batch(self, step: int) -> Batch:
        """This rank's part of the batch of `step`: `image` uint8 (b, C, H, W), `label` int64 (b,) if any."""
        rows = self.rows
        indices, flipped = self._order.at(step * self.batch_size + rows.start, rows.stop - rows.start)
        images = self.dataset.batch(indices)
        if self.horizontal_flip:
            images = torch.where(flipped[:, None, None, None], images.flip(-1), images)
        batch = {"image": images}
        if self.dataset.labels is not None:
            batch["label"] = self.dataset.labels[indices]
        return batch
