"""The shapes, each in the square from (-1, -1) at the top left to (1, 1) at the bottom right that it touches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Inside = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Shape:
    """One shape.

    inside: which points (x, y) belong to it; takes two arrays that broadcast, gives bool.
    area: as a share of its square.
    drop: how far its centre of mass lies below the middle of the square, in sides of the square.
    """

    inside: Inside
    area: float
    drop: float = 0.0


def _circle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return x * x + y * y <= 1


def _square(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (abs(x) <= 1) & (abs(y) <= 1)


def _triangle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (2 * abs(x) <= y + 1) & (y <= 1)


def _cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    across, down = abs(x), abs(y)
    return ((across <= 1) & (3 * down <= 1)) | ((3 * across <= 1) & (down <= 1))


SHAPES: dict[str, Shape] = {
    "circle": Shape(_circle, area=np.pi / 4),
    "square": Shape(_square, area=1.0),
    "triangle": Shape(_triangle, area=1 / 2, drop=1 / 6),
    "cross": Shape(_cross, area=5 / 9),
}
