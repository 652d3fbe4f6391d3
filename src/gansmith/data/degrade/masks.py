"""Holes: masks (n, 1, h, w) of pictures (n, C, h, w), 1 where the picture is missing and 0 elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from math import hypot, pi, tau

import torch
from torch import Tensor

from gansmith.noise import Draws

BOXES = 4
BOX_SIDES = (0.1, 0.45)  # of the picture's

# Free-form masks of DeepFill v2 (Yu et al., 2019, arXiv:1806.03589, algorithm 1); its pixels are those of 256x256.
STROKES = 3
VERTICES = (4, 12)
BRUSH = (12 / 256, 40 / 256)
TURN = (2 * pi / 5, 2 * pi / 15)  # mean and half range


def center(draws: Draws, images: Tensor) -> Tensor:
    """The middle half of both sides (Pathak et al., 2016, arXiv:1604.07379)."""
    rows, _, height, width = images.shape
    mask = images.new_zeros(rows, 1, height, width)
    mask[..., height // 4 : height - height // 4, width // 4 : width - width // 4] = 1
    return mask


def boxes(draws: Draws, images: Tensor) -> Tensor:
    """One to four rectangles anywhere; each side 10 to 45 % of the picture's."""
    rows, _, height, width = images.shape
    count = draws.uniform(rows, 1).mul(BOXES).floor()
    place, size = draws.uniform(rows, BOXES, 4).split(2, -1)
    size = BOX_SIDES[0] + (BOX_SIDES[1] - BOX_SIDES[0]) * size
    inside = []
    for axis, side in enumerate((height, width)):
        length = size[..., axis].mul(side).round().clamp(min=1)
        start = place[..., axis].mul(side - length + 1).floor()
        offset = torch.arange(side, device=images.device) - start[..., None]
        inside.append((offset >= 0) & (offset < length[..., None]))
    used = torch.arange(BOXES, device=images.device) <= count
    holes = inside[0][..., :, None] & inside[1][..., None, :] & used[..., None, None]
    return holes.any(1, keepdim=True).to(images.dtype)


def strokes(draws: Draws, images: Tensor) -> Tensor:
    """One to three zigzags of a round brush, each of 4 to 12 vertices, begun anywhere in any direction."""
    rows, _, height, width = images.shape
    count = draws.uniform(rows, 1).mul(STROKES).floor()
    points, brush = draws.uniform(rows, STROKES, 2).unbind(-1)
    vertices = VERTICES[0] + points.mul(VERTICES[1] - VERTICES[0] + 1).floor()
    radius = (BRUSH[0] + (BRUSH[1] - BRUSH[0]) * brush).mul(min(height, width) / 2).clamp(min=0.75)
    used = torch.arange(STROKES, device=images.device) <= count
    within = torch.arange(VERTICES[1], device=images.device) < vertices[..., None]
    ink = torch.where(used[..., None] & within, radius[..., None].square(), -1)
    path = _zigzag(draws, rows, height, width)
    return _capsules(path[:, :, :-1].flatten(1, 2), path[:, :, 1:].flatten(1, 2), ink.flatten(1), height, width)


def mixed(draws: Draws, images: Tensor) -> Tensor:
    """Strokes for half the pictures, boxes for the others."""
    chance = draws.uniform(len(images), 1, 1, 1)
    return torch.where(chance < 0.5, strokes(draws, images), boxes(draws, images))


def _zigzag(draws: Draws, rows: int, height: int, width: int) -> Tensor:
    """Paths (rows, STROKES, VERTICES[1] + 1, 2) of points (x, y) inside the picture."""
    start = draws.uniform(rows, STROKES, 2)
    limit = start.new_tensor([width - 1, height - 1])
    heading, least, most = draws.uniform(rows, STROKES, 3, 1).unbind(2)
    least, most = TURN[0] - TURN[1] * least, TURN[0] + TURN[1] * most
    angle = least + (most - least) * draws.uniform(rows, STROKES, VERTICES[1])
    angle[..., ::2] *= -1
    angle = angle + tau * heading
    mean = hypot(height, width) / 8
    length = draws.normal(rows, STROKES, VERTICES[1]).div(2).add(1).clamp(0, 2).mul(mean)
    moves = torch.stack([length * angle.cos(), length * angle.sin()], -1)
    path = [start * limit]
    for move in moves.unbind(2):
        path.append((path[-1] + move).clamp(min=0).minimum(limit))
    return torch.stack(path, 2)


def _capsules(starts: Tensor, ends: Tensor, reach: Tensor, height: int, width: int) -> Tensor:
    """The pixels (n, 1, height, width) nearer to any segment than its brush.

    Args:
        starts, ends: (n, k, 2) points (x, y).
        reach: (n, k) squared radii; below 0 for none.
    """
    x = torch.arange(width, dtype=starts.dtype, device=starts.device).view(1, 1, -1)
    y = torch.arange(height, dtype=starts.dtype, device=starts.device).view(1, -1, 1)
    nearest = starts.new_full((len(starts), height, width), float("inf"))
    for start, end, square in zip(starts.unbind(1), ends.unbind(1), reach.unbind(1)):
        along = (end - start)[:, :, None, None]
        to_x, to_y = x - start[:, 0, None, None], y - start[:, 1, None, None]
        scale = along.square().sum(1).clamp(min=1e-12)
        place = (to_x * (along[:, 0] / scale) + to_y * (along[:, 1] / scale)).clamp_(0, 1)
        distance = (to_x - place * along[:, 0]).square_() + (to_y - place * along[:, 1]).square_()
        nearest = torch.minimum(nearest, distance.sub_(square[:, None, None]))
    return nearest.lt(0).to(starts.dtype)[:, None]


MASKS: dict[str, Callable[[Draws, Tensor], Tensor]] = {
    "center": center,
    "boxes": boxes,
    "strokes": strokes,
    "mixed": mixed,
}
