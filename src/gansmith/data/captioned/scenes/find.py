"""What a picture shows, read by the rules that scenes are drawn by.

A pixel is background plus a share of one colour of the palette; neighbours of one colour are a thing; its shape is the
one that, drawn with the thing's area around its centre of mass, agrees best with it. Nothing is learnt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from torch import Tensor

from gansmith.data.captioned.scenes.draw import coverage
from gansmith.data.captioned.scenes.layout import GAP, LARGE, SMALL
from gansmith.data.captioned.scenes.palette import COLOURS, RGB
from gansmith.data.captioned.scenes.shapes import SHAPES
from gansmith.data.captioned.scenes.where import Point

SPECK = 0.012
"""Things of a smaller area are overlooked; the smallest shape of a scene has 0.025 of the picture's."""

FOREIGN = 80.0
"""Pixels farther than this from every mixture of the background with a colour are of no colour."""

FULL = 0.75
"""A thing is as opaque as this quantile of its pixels: of soft edges, most lie below."""

SOFT = (0, 1 / 32)
"""Edges may be sharp or soft: the standard deviations, as shares of the picture's side, that shapes are blurred by."""

LIKENESS = 0.6
"""Things that agree less with every shape have none."""


@dataclass(frozen=True)
class Found:
    """A thing in a picture.

    colour: a name in `COLOURS`.
    shape: a name in `SHAPES`, or None if it is like none of them.
    size: small or large.
    centre: x and y of the shape's square, as shares of the picture's side.
    side: of that square.
    likeness: with the shape, from 0 to 1: what both cover by what either does.
    """

    colour: str
    shape: str | None
    size: str
    centre: Point
    side: float
    likeness: float


def find(images: Tensor) -> list[list[Found]]:
    """The things in each of the pictures uint8 (n, 3, H, H), largest first."""
    return [_find(picture) for picture in images.cpu().numpy().astype(np.float32)]


def _find(picture: np.ndarray) -> list[Found]:
    shares, nearest = _mixtures(picture, _background(picture))
    found = []
    for colour, share in enumerate(shares):
        labelled, count = ndimage.label((nearest == colour) & (share >= 0.5))
        for thing in range(1, count + 1):
            mask = labelled == thing
            if mask.sum() >= SPECK * mask.size:
                found.append(_recognised(colour, _opacity(share, mask)))
    return sorted(found, key=lambda one: -one.side)


def _background(picture: np.ndarray) -> np.ndarray:
    """The colour around the edge, (3,): scenes keep a distance from it."""
    ring = [picture[:, 0], picture[:, -1], picture[:, 1:-1, 0], picture[:, 1:-1, -1]]
    return np.median(np.concatenate(ring, axis=1), axis=1)


def _mixtures(picture: np.ndarray, background: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each colour the share of it that fits every pixel best, float (6, H, H).

    And the colour whose mixture with the background lies nearest, int64 (H, H), -1 where none is near.
    """
    directions = RGB - background
    offset = picture - background[:, None, None]
    lengths = (directions**2).sum(axis=1).clip(min=1)
    shares = (np.einsum("kc,chw->khw", directions, offset) / lengths[:, None, None]).clip(0, 1)
    distances = np.linalg.norm(offset - shares[:, None] * directions[:, :, None, None], axis=1)
    return shares, np.where(distances.min(axis=0) < FOREIGN, distances.argmin(axis=0), -1)


def _opacity(share: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """How much of every pixel a thing covers, (H, H): also of its rim, and of what its colour varies within."""
    rim = max(1, round(len(mask) * GAP / 2))
    whole = ndimage.binary_dilation(ndimage.binary_fill_holes(mask), iterations=rim)
    return (share * whole / np.quantile(share[mask], FULL)).clip(0, 1)


def _recognised(colour: int, opacity: np.ndarray) -> Found:
    resolution, area = len(opacity), opacity.sum()
    middle = (np.arange(resolution) + 0.5) / resolution
    across, down = (middle @ opacity.sum(axis=axis) / area for axis in (0, 1))
    sides = np.array([np.sqrt(area / shape.area) / resolution for shape in SHAPES.values()])
    drops = np.array([shape.drop for shape in SHAPES.values()]) * sides
    centres = np.stack([np.full_like(sides, across), down - drops], axis=1)
    likenesses = _likenesses(opacity, centres, sides)
    best = int(likenesses.argmax())
    return Found(
        colour=list(COLOURS)[colour],
        shape=list(SHAPES)[best] if likenesses[best] >= LIKENESS else None,
        size="small" if sides[best] < (SMALL + LARGE) / 2 else "large",
        centre=(float(centres[best, 0]), float(centres[best, 1])),
        side=float(sides[best]),
        likeness=float(likenesses[best]),
    )


def _likenesses(opacity: np.ndarray, centres: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """How well the thing agrees with each shape drawn there, (4,): what both cover by what either does."""
    first, drawn = coverage(np.arange(len(SHAPES)), centres, sides, len(opacity))
    rim = round(2 * max(SOFT) * len(opacity))
    framed = np.pad(drawn, ((0, 0), (rim, rim), (rim, rim)))
    width = framed.shape[-1]
    around = np.pad(opacity, width)
    windows = np.stack([around[top : top + width, left : left + width] for left, top in first - rim + width])
    return np.max([_likeness(opacity, windows, _blurred(framed, share * len(opacity))) for share in SOFT], axis=0)


def _likeness(opacity: np.ndarray, windows: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    shared = np.minimum(windows, drawn).sum(axis=(1, 2))
    return shared / (opacity.sum() + drawn.sum(axis=(1, 2)) - shared)


def _blurred(drawn: np.ndarray, deviation: float) -> np.ndarray:
    return ndimage.gaussian_filter(drawn, (0, deviation, deviation), truncate=2) if deviation else drawn
