"""One picture on its way through a network: cut into windows, and put together again in stripes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image

from gansmith.ranges import to_uint8
from gansmith.translate.pictures import Picture
from gansmith.translate.tiles import join, spans
from gansmith.translate.translator import Window

ROWS_AT_ONCE = 64  # that are brought to bytes together


class Tiling:
    """The tiles of a picture. It is held in bytes; floats are what its windows make, one stripe at a time.

    Args:
        picture: the input; its alpha is enlarged bicubically and kept.
        hole: bool (h, w), where the picture is missing; for tasks that know holes.
        tile, overlap, multiple: see `spans`.
        scale: side of the result by side of the picture.
    """

    def __init__(
        self, picture: Picture, hole: np.ndarray | None, tile: int, overlap: int, multiple: int, scale: int
    ) -> None:
        self.picture, self.hole, self.scale = picture, hole, scale
        self.rows, self.columns = (spans(side, tile, overlap, multiple) for side in picture.size)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the result."""
        height, width = self.picture.size
        return self.scale * height, self.scale * width

    @property
    def count(self) -> int:
        """How many windows there are."""
        return len(self.rows) * len(self.columns)

    def windows(self) -> Iterator[Window]:
        """Row by row, as `stripes` wants their results."""
        for row in self.rows:
            for column in self.columns:
                place = slice(row.start, row.stop), slice(column.start, column.stop)
                hole = None if self.hole is None else self.hole[place]
                yield Window(np.ascontiguousarray(self.picture.pixels[place]), hole)

    def stripes(self, outputs: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """The result from top to bottom, uint8 (k, width, 1 to 4), of the outputs for all windows."""
        top = 0
        for stripe in join(self.rows, self.columns, outputs, self.scale):
            for start in range(0, stripe.shape[1], ROWS_AT_ONCE):
                rows = to_uint8(torch.from_numpy(stripe[:, start : start + ROWS_AT_ONCE])).permute(1, 2, 0).numpy()
                yield self._with_alpha(rows, top)
                top += len(rows)

    def _with_alpha(self, rows: np.ndarray, top: int) -> np.ndarray:
        if self.picture.alpha is None:
            return rows
        height, width, _ = rows.shape
        box = (0.0, top / self.scale, width / self.scale, (top + height) / self.scale)
        alpha = Image.fromarray(self.picture.alpha).resize((width, height), Image.Resampling.BICUBIC, box)
        return np.dstack([rows, np.asarray(alpha)])
