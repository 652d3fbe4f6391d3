"""How shapes become pixels: 4 × 4 points a pixel, averaged."""

from __future__ import annotations

import numpy as np

from gansmith.data.captioned.scenes.layout import Layouts
from gansmith.data.captioned.scenes.palette import RGB
from gansmith.data.captioned.scenes.shapes import SHAPES

POINTS = 4
"""Points a pixel, along each side."""


def coverage(shape: np.ndarray, centre: np.ndarray, side: np.ndarray, resolution: int) -> tuple[np.ndarray, np.ndarray]:
    """How much of each pixel m shapes cover, each in a window around it.

    shape: int64 (m,), places in `SHAPES`.
    centre, side: (m, 2), x and y, and (m,), as shares of the picture's side.
    Returns the windows' first column and row, int64 (m, 2), and the covered shares, float32 (m, w, w).
    """
    width = int(np.ceil(side.max(initial=0) * resolution)) + 1
    first = np.floor((centre - side[:, None] / 2) * resolution).astype(np.int64)
    points = (np.arange(POINTS * width, dtype=np.float32) + 0.5) / POINTS
    middle = (centre * resolution - first).astype(np.float32)
    across, down = ((points - middle[:, axis, None]) / (side[:, None] * resolution / 2) for axis in (0, 1))
    covered = np.empty((len(shape), width, width), np.float32)
    for number, kind in enumerate(SHAPES.values()):
        rows = np.flatnonzero(shape == number)
        inside = kind.inside(across[rows, None, :], down[rows, :, None])
        covered[rows] = _averaged(inside)
    return first, covered


def paint(layouts: Layouts, indices: np.ndarray, resolution: int) -> np.ndarray:
    """The pictures of these scenes, uint8 (n, 3, resolution, resolution)."""
    scene, place = np.nonzero(np.arange(layouts.side.shape[1]) < layouts.number[indices, None])
    rows = indices[scene], place
    first, covered = coverage(layouts.shape[rows], layouts.centre[rows], layouts.side[rows], resolution)
    ground = layouts.background[indices].astype(np.float32)
    # Windows may reach beyond the right and lower edges.
    size = resolution + covered.shape[-1]
    canvas = np.broadcast_to(ground[:, None, None, None], (len(indices), 3, size, size)).copy()
    change = RGB[layouts.colour[rows]] - ground[scene, None]
    for picture, (left, top), share, colour in zip(scene, first, covered, change):
        bottom, right = top + len(share), left + len(share)
        canvas[picture, :, top:bottom, left:right] += share * colour[:, None, None]
    return np.rint(canvas[:, :, :resolution, :resolution]).astype(np.uint8)


def masks(layouts: Layouts, index: int, resolution: int) -> np.ndarray:
    """Which pixels each shape of a scene covers by half or more, bool (k, resolution, resolution)."""
    rows = index, np.arange(layouts.number[index])
    first, covered = coverage(layouts.shape[rows], layouts.centre[rows], layouts.side[rows], resolution)
    size = resolution + covered.shape[-1]
    canvas = np.zeros((len(first), size, size), bool)
    for mask, (left, top), share in zip(canvas, first, covered):
        mask[top : top + len(share), left : left + len(share)] = share >= 0.5
    return canvas[:, :resolution, :resolution]


def _averaged(inside: np.ndarray) -> np.ndarray:
    """Shares of the points inside, by pixel: bool (m, 4 h, 4 w) to float32 (m, h, w)."""
    count, height, width = (length // part for length, part in zip(inside.shape, (1, POINTS, POINTS)))
    points = inside.view(np.uint8).reshape(count, height, POINTS, width, POINTS)
    return points.sum(axis=(2, 4), dtype=np.uint8).astype(np.float32) / POINTS**2
