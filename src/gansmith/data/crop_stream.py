"""The training loader of whole pictures: a random crop of one at a time, turned and mirrored at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gansmith.data.order import EndlessOrder
from gansmith.data.picture_set import PictureSet
from gansmith.data.steps import Batch, StepStream
from gansmith.errors import DataError
from gansmith.noise import mix_seed


@dataclass(frozen=True)
class Crop:
    """A square of one sample, and what is done to it; the same for all fields.

    top, left, side: in pixels of the fields with scale 1, multiples of every scale.
    mirrored: left and right are exchanged, before the turns.
    turns: quarter turns, 0 to 3.
    """

    sample: int
    top: int
    left: int
    side: int
    mirrored: bool
    turns: int

    def of(self, picture: Tensor, scale: int) -> np.ndarray:
        """The crop of a field (C, H / scale, W / scale), as a view of it: (C, side / scale, side / scale)."""
        top, left, side = self.top // scale, self.left // scale, self.side // scale
        square = picture.numpy()[:, top : top + side, left : left + side]
        return np.rot90(square[..., ::-1] if self.mirrored else square, self.turns, (-2, -1))


class Crops:
    """Random crops of one set of pictures.

    Every place in the pictures is equally likely: a picture is drawn in proportion to its area. If all have the
    same size, each comes once before any comes again.

    side: of the crops, a multiple of every scale.
    Raises DataError if a picture is smaller than the crop.
    """

    def __init__(self, pictures: PictureSet, side: int, horizontal_flip: bool, rotate: bool, seed: int) -> None:
        self.pictures = pictures
        self.side = side
        self.horizontal_flip = horizontal_flip
        self.rotate = rotate
        self.seed = seed
        self.grid = max(pictures.scales.values())
        for name, (height, width) in zip(pictures.names, pictures.sizes, strict=True):
            if min(height, width) < side:
                fitting = min(height, width) // self.grid * self.grid
                raise DataError(
                    f"{name} is {width}x{height}, smaller than the crop, data.resolution={side}; "
                    f"data.resolution={fitting} fits into it, data.resize={side} enlarges it"
                )
        areas = torch.tensor([height * width for height, width in pictures.sizes], dtype=torch.float64)
        # The last bound is exactly 1, which no draw reaches.
        self._cumulative = areas.cumsum(0) / areas.cumsum(0)[-1]
        one_size = len(set(pictures.sizes)) == 1
        self._order = EndlessOrder(len(pictures), mix_seed(seed, "order")) if one_size else None

    def batch(self, step: int, total: int, rows: slice) -> Batch:
        """The `rows` of the global batch of `total` samples at `step`, uint8 (b, C, side / scale, side / scale)."""
        samples = [self._cut(crop) for crop in self.crops(step, total, rows)]
        return {
            field: torch.from_numpy(np.stack([sample[field] for sample in samples])) for field in self.pictures.scales
        }

    def crops(self, step: int, total: int, rows: slice) -> list[Crop]:
        """What is cut out for the `rows` of the global batch of `total` samples at `step`."""
        generator = torch.Generator().manual_seed(mix_seed(self.seed, step, "crops"))
        draws = torch.rand(total, 5, generator=generator, dtype=torch.float64)[rows]
        if self._order is None:
            samples = torch.searchsorted(self._cumulative, draws[:, 0].contiguous(), right=True)
        else:
            samples, _ = self._order.at(step * total + rows.start, len(draws))
        return [self._crop(*row) for row in zip(samples.tolist(), draws[:, 1:].tolist(), strict=True)]

    def _crop(self, sample: int, draws: list[float]) -> Crop:
        down, right, coin, turn = draws
        height, width = self.pictures.sizes[sample]
        return Crop(
            sample,
            top=self._place(down, height),
            left=self._place(right, width),
            side=self.side,
            mirrored=self.horizontal_flip and coin < 0.5,
            turns=int(4 * turn) if self.rotate else 0,
        )

    def _place(self, draw: float, length: int) -> int:
        """Where a crop begins along a length: a pixel of the smallest field."""
        return int(draw * ((length - self.side) // self.grid + 1)) * self.grid

    def _cut(self, crop: Crop) -> dict[str, np.ndarray]:
        sample = self.pictures.read(crop.sample)
        return {field: crop.of(picture, self.pictures.scales[field]) for field, picture in sample.items()}


class CropStream(StepStream):
    """Batches of random crops from step `start` on, without end.

    Args:
        crops: those of sets that are drawn independently of each other; their fields together are a batch.
        workers: processes that decode ahead; sets that live in memory need none and use none.
        batch_size, rank, world_size, start, pin_memory: see `StepStream`.
    """

    def __init__(
        self,
        crops: Sequence[Crops],
        batch_size: int,
        rank: int = 0,
        world_size: int = 1,
        start: int = 0,
        workers: int = 0,
        pin_memory: bool = False,
    ) -> None:
        in_memory = all(one.pictures.in_memory for one in crops)
        super().__init__(batch_size, rank, world_size, start, 0 if in_memory else workers, pin_memory)
        self.crops = crops

    def batch(self, step: int) -> Batch:
        """This rank's part of the batch of `step`: uint8 (b, C, side / scale, side / scale) of every field."""
        return {
            field: pictures
            for one in self.crops
            for field, pictures in one.batch(step, self.batch_size, self.rows).items()
        }
