"""Affine maps of the plane, as 3 x 3 matrices (n, 3, 3) on centred pixel coordinates, and pictures warped by them."""

from __future__ import annotations

import torch
from torch import Tensor


def translation(x: Tensor, y: Tensor) -> Tensor:
    """Shifts by (x, y) pixels, (n,) each."""
    return _rows([[1, 0, x], [0, 1, y], [0, 0, 1]])


def scaling(x: Tensor, y: Tensor) -> Tensor:
    """Stretches the axes by x and y, (n,) each; a negative factor mirrors."""
    return _rows([[x, 0, 0], [0, y, 0], [0, 0, 1]])


def rotation(angle: Tensor) -> Tensor:
    """Turns by angles in radians, (n,)."""
    cos, sin = angle.cos(), angle.sin()
    return _rows([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def compose(*maps: Tensor) -> Tensor:
    """The matrix product; the last of the maps is done first."""
    product, *rest = maps
    for factor in rest:
        # No matrix multiplication, which autocast and TF32 would round to a few bits.
        product = (product[:, :, :, None] * factor[:, None]).sum(2)
    return product


def warp(images: Tensor, inverse: Tensor) -> Tensor:
    """Pictures (n, C, H, W) moved by the maps whose inverses (n, 3, 3) are given; mirrored beyond the edges.

    What comes to lie at (x, y), counted from the centre, is the picture's value at `inverse` (x, y), between pixels
    bilinearly. Gathered and not by `grid_sample`, which can't be differentiated twice.
    """
    height, width = images.shape[2:]
    y, x = torch.meshgrid(*(_centred(side, inverse) for side in (height, width)), indexing="ij")
    places = inverse[:, :2, :2, None] * torch.stack([x.flatten(), y.flatten()])
    column, row = (places.sum(2) + inverse[:, :2, 2:]).unbind(1)
    left, right, across = _neighbours(column + (width - 1) / 2, width)
    top, bottom, down = _neighbours(row + (height - 1) / 2, height)
    flat, across, down = images.flatten(2), across[:, None].to(images), down[:, None].to(images)

    def pixels(row: Tensor, column: Tensor) -> Tensor:
        return flat.gather(2, (row * width + column)[:, None].expand(-1, flat.shape[1], -1))

    upper = torch.lerp(pixels(top, left), pixels(top, right), across)
    lower = torch.lerp(pixels(bottom, left), pixels(bottom, right), across)
    return torch.lerp(upper, lower, down).view_as(images)


def _centred(side: int, like: Tensor) -> Tensor:
    return torch.arange(side, dtype=like.dtype, device=like.device) - (side - 1) / 2


def _neighbours(place: Tensor, side: int) -> tuple[Tensor, Tensor, Tensor]:
    """The pixels before and after each place, int64, and how far it lies between them; mirrored into the picture."""
    last = side - 1
    place = last - (place.remainder(2 * last) - last).abs() if last else torch.zeros_like(place)
    before = place.floor().clamp(0, last)
    return before.long(), (before.long() + 1).clamp(max=last), place - before


def _rows(entries: list[list[Tensor | int]]) -> Tensor:
    """Matrices (n, 3, 3) from entries, each (n,) or a constant."""
    like = next(entry for row in entries for entry in row if isinstance(entry, Tensor))
    full = [[e if isinstance(e, Tensor) else torch.full_like(like, e) for e in row] for row in entries]
    return torch.stack([torch.stack(row, 1) for row in full], 1)
