"""A large picture in overlapping tiles, and their results joined without seams.

A network sees each tile with more of the picture around it than is used of its output: half the overlap at
least. Where that covers what a pixel of the output depends on, the result is that of the whole picture. Where it
does not (normalisation over the picture, very deep networks), neighbours differ, and a cross-fade hides the edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gansmith.errors import ConfigError


@dataclass(frozen=True)
class Span:
    """A tile along one axis, in pixels of the source.

    start, stop: what the network sees.
    begin, end: what of its output is used.
    rise, fall: how many pixels after `begin` and before `end` are shared with the neighbour by a cross-fade.
    """

    start: int
    stop: int
    begin: int
    end: int
    rise: int = 0
    fall: int = 0

    def used(self, scale: int) -> slice:
        """Where the part that is used lies in the tile's output."""
        return slice(scale * (self.begin - self.start), scale * (self.end - self.start))

    def weights(self, scale: int) -> np.ndarray:
        """Shares of the used pixels of the output, (scale * (end - begin),); those of neighbours add up to one."""
        shares = np.ones(scale * (self.end - self.begin), np.float32)
        shares[: scale * self.rise] = _ramp(scale * self.rise)
        shares[len(shares) - scale * self.fall :] = _ramp(scale * self.fall)[::-1]
        return shares


def _ramp(length: int) -> np.ndarray:
    return (np.arange(length, dtype=np.float32) + 0.5) / max(length, 1)


def spans(length: int, tile: int, overlap: int, multiple: int) -> list[Span]:
    """The tiles along an axis of `length` pixels.

    Args:
        length: of the picture.
        tile: pixels that the network sees at a time, rounded up to its `multiple`; 0 for all of them.
        overlap: half of it is seen beyond what is used, on each side; a cross-fade of a quarter comes on top.
        multiple: tiles start at its multiples, as the network's strides do, unless only one fits into a tile.

    Raises:
        ConfigError: a tile below zero, or an overlap of more than half a tile.
    """
    if tile < 0:
        raise ConfigError(f"tile={tile}: it counts pixels of the source; 0 takes pictures whole")
    tile += -tile % multiple
    if tile and not 0 <= 2 * overlap <= tile:
        raise ConfigError(f"overlap={overlap} must lie in 0 to half of a tile of {tile}")
    if tile == 0 or length <= tile:
        return [Span(0, length, 0, length)]
    fade = overlap // 4
    step = tile - 2 * (overlap // 2) - fade
    step, grid = (step - step % multiple, multiple) if step >= multiple else (step, 1)
    last = -(-(length - tile) // grid) * grid
    windows = [(start, start + tile) for start in range(0, last, step)]
    return list(_with_joints([*windows, (last, length)], fade))


def _with_joints(windows: list[tuple[int, int]], fade: int) -> Iterator[Span]:
    """Neighbours meet in the middle of what both see."""
    fades = [
        (middle - fade // 2, middle - fade // 2 + fade)
        for (_, stop), (start, _) in pairwise(windows)
        for middle in [(start + stop) // 2]
    ]
    first, last = windows[0][0], windows[-1][1]
    rises, falls = [(first, first), *fades], [*fades, (last, last)]
    for (start, stop), rise, fall in zip(windows, rises, falls):
        yield Span(start, stop, rise[0], fall[1], rise[1] - rise[0], fall[1] - fall[0])


def join(
    rows: Sequence[Span], columns: Sequence[Span], outputs: Iterator[np.ndarray], scale: int
) -> Iterator[np.ndarray]:
    """The finished stripes of the result from top to bottom, one a row of tiles.

    Args:
        rows, columns: the grid of tiles.
        outputs: float32 (c, scale * h, scale * w) for each tile of h x w, row by row; used up.
        scale: side of the output by side of the input.

    Yields:
        float32 (c, k, scale * width); no more than one is held at a time.
    """
    fading: np.ndarray | None = None
    for row in rows:
        stripe = _stripe(row, columns, outputs, scale)
        if fading is not None:
            stripe[:, : fading.shape[1]] += fading
        finished = scale * (row.end - row.fall - row.begin)
        fading = stripe[:, finished:].copy()
        yield stripe[:, :finished]
        del stripe


def _stripe(row: Span, columns: Sequence[Span], outputs: Iterator[np.ndarray], scale: int) -> np.ndarray:
    """A row of tiles side by side, weighted for the rows above and below."""
    down = row.weights(scale)[:, None]
    stripe: np.ndarray | None = None
    for column in columns:
        output = next(outputs)[:, row.used(scale), column.used(scale)]
        if stripe is None:
            stripe = np.zeros((len(output), output.shape[1], scale * columns[-1].end), np.float32)
        output *= down * column.weights(scale)
        stripe[..., scale * column.begin : scale * column.end] += output
    assert stripe is not None
    return stripe
