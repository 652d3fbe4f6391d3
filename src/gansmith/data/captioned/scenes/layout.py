"""What stands where in every scene of a split.

Lengths are shares of the picture's side. Shapes never overlap: a cut through the picture parts the first of them
from the others, and a cut the other way parts these.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gansmith.data.captioned.scenes.draws import uniforms
from gansmith.data.captioned.scenes.palette import COLOURS, DARK, LIGHT
from gansmith.data.captioned.scenes.shapes import SHAPES
from gansmith.noise import mix_seed

HELD_OUT = (("red", "triangle"), ("green", "square"), ("purple", "circle"), ("orange", "cross"))
"""No training scene has one of these, and every test scene has one at least."""

MOST = 3
FREQUENCIES = (0.4, 0.4, 0.2)
"""How often there are one, two and three shapes; of three, one at most is large."""

SMALL, LARGE, SPREAD = 8 / 32, 13 / 32, 0.75 / 32
"""Sides are uniform within `SPREAD` of these."""

MARGIN, GAP = 1 / 32, 2 / 32
"""The least distance of a shape from the picture's edge, and from another shape."""

BLOCK = 8192
PAIRS = len(COLOURS) * len(SHAPES)


class Layouts(NamedTuple):
    """N scenes of up to three shapes; what lies beyond a scene's number means nothing.

    number: of its shapes, int64 (N,), 1 to 3.
    background: uint8 (N,), its grey.
    colour, shape: int64 (N, 3), places in `COLOURS` and `SHAPES`.
    large: bool (N, 3).
    side: float32 (N, 3).
    centre: float32 (N, 3, 2), x and y.
    """

    number: np.ndarray
    background: np.ndarray
    colour: np.ndarray
    shape: np.ndarray
    large: np.ndarray
    side: np.ndarray
    centre: np.ndarray


def lay_out(seed: int, split: str, size: int) -> Layouts:
    """The first `size` scenes of a split; scene i is a function of (seed, split, i) alone."""
    key = mix_seed(seed, split, "scenes")
    blocks = [_block(key, split, np.arange(begin, min(begin + BLOCK, size))) for begin in range(0, size, BLOCK)]
    return Layouts(*map(np.concatenate, zip(*blocks)))


def _block(key: int, split: str, indices: np.ndarray) -> Layouts:
    widths = {"pair": PAIRS, "order": 3, "size": 3, "spread": 3, "place": 8, "turn": 3, "scene": 5}
    draws = uniforms(key, indices, sum(widths.values()))
    drawn = dict(zip(widths, np.split(draws, np.cumsum(list(widths.values()))[:-1], axis=1)))
    how_many, which_large, ground, grey, held_out = drawn["scene"].T
    count = 1 + np.searchsorted(np.cumsum(FREQUENCIES)[:-1], how_many, side="right")
    pairs = _seen(drawn["pair"]) if split == "train" else _unseen(drawn["pair"], held_out, count, drawn["order"])
    colour, shape = np.divmod(pairs, len(SHAPES))
    large = drawn["size"] < 0.5
    large &= (count < MOST)[:, None] | (np.arange(MOST) == np.floor(which_large * MOST)[:, None])
    side = np.where(large, LARGE, SMALL) + (2 * drawn["spread"] - 1) * SPREAD
    centre = _turned(_placed(count, side, drawn["place"]), drawn["turn"])
    low, high = np.where(ground[:, None] < 0.5, DARK, LIGHT).T
    background = np.floor(low + grey * (high - low)).astype(np.uint8)
    return Layouts(count, background, colour, shape, large, side.astype(np.float32), centre.astype(np.float32))


def _numbers_of_held_out() -> np.ndarray:
    """The held-out pairs as numbers colour × shapes + shape."""
    colours, shapes = list(COLOURS), list(SHAPES)
    return np.array([colours.index(colour) * len(shapes) + shapes.index(shape) for colour, shape in HELD_OUT])


def _seen(keys: np.ndarray) -> np.ndarray:
    """Three different pairs, int64 (n, 3), none of them held out."""
    keys[:, _numbers_of_held_out()] = 2
    return keys.argsort(axis=1)[:, :MOST]


def _unseen(keys: np.ndarray, which: np.ndarray, count: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Three different pairs, int64 (n, 3); one of the first `count` is held out, any one of them."""
    held_out = _numbers_of_held_out()
    keys[np.arange(len(keys)), held_out[np.floor(which * len(held_out)).astype(np.int64)]] = -1
    order = np.where(np.arange(MOST) < count[:, None], order, 2)
    return np.take_along_axis(keys.argsort(axis=1)[:, :MOST], order.argsort(axis=1), axis=1)


def _placed(count: np.ndarray, side: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Centres (n, 3, 2): the first shape lies left of a vertical cut, the others right of it.

    A third lies below the second, with a horizontal cut between them.
    """
    first, second, third = side.T
    widest = np.where(count == MOST, np.maximum(second, third), second)
    vertical = _cut(first, widest, draws[:, 0])
    horizontal = _cut(second, third, draws[:, 1])
    least, most = np.full_like(first, MARGIN), np.full_like(first, 1 - MARGIN)
    low = [[least, vertical + GAP, vertical + GAP], [least, least, horizontal + GAP]]
    high = [[np.where(count == 1, most, vertical), most, most], [most, np.where(count == MOST, horizontal, most), most]]
    free = np.array(high) - low - side.T
    return (low + side.T / 2 + draws[:, 2:].T.reshape(2, MOST, -1) * free).transpose(2, 1, 0)


def _cut(before: np.ndarray, behind: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """Where what lies before a cut may end at most, so that there is room for both sides."""
    return MARGIN + before + draw * (1 - 2 * MARGIN - GAP - before - behind)


def _turned(centre: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Across and down exchanged, and each mirrored, at random."""
    exchanged = np.where(draws[:, :1, None] < 0.5, centre[:, :, ::-1], centre)
    return np.where(draws[:, None, 1:] < 0.5, 1 - exchanged, exchanged)
