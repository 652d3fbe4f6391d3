"""Warped pictures: what moves where, exactly on the grid, and with derivatives of first and second order."""

import math

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.testing import assert_close

from gansmith.augment.affine import compose, rotation, scaling, translation, warp


def pictures(height: int = 6, width: int = 6, channels: int = 2, rows: int = 2) -> torch.Tensor:
    draw = torch.Generator().manual_seed(0)
    return torch.randn(rows, channels, height, width, generator=draw, dtype=torch.float64)


def numbers(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_a_product_does_its_last_map_first():
    shift, turn = translation(numbers(1.0), numbers(2.0)), rotation(numbers(0.5))
    assert_close(compose(shift, turn), shift @ turn)
    assert_close(compose(shift, turn, scaling(numbers(2.0), numbers(3.0)))[0, :2, 2], numbers(1.0, 2.0))


def test_the_identity_changes_no_bit():
    images = pictures(5, 8).float()
    assert torch.equal(warp(images, torch.eye(3).expand(2, 3, 3)), images)


def test_each_picture_has_its_own_map():
    images = pictures()
    mirrored = warp(images, scaling(numbers(-1.0, 1.0), numbers(1.0, -1.0)))
    assert torch.equal(mirrored[0], images[0].flip(2))
    assert torch.equal(mirrored[1], images[1].flip(1))


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("side", [5, 6])
def test_quarter_turns_are_exact(turns, side):
    images = pictures(side, side)
    turned = warp(images, rotation(numbers(turns, turns) * math.pi / 2).round())
    assert torch.equal(turned, images.rot90(turns, (2, 3)))


def test_shifts_mirror_the_picture_at_its_edges():
    images = pictures(1, 4, 1, 1)
    a, b, c, d = images.flatten().tolist()
    for shift, expected in ((1, [b, c, d, c]), (-2, [c, b, a, b]), (5, [b, a, b, c])):
        assert warp(images, translation(numbers(shift), numbers(0.0))).flatten().tolist() == expected


def test_between_pixels_it_is_bilinear():
    """A plane is its own interpolation, where nothing is mirrored."""
    y, x = torch.meshgrid(*[torch.arange(9.0, dtype=torch.float64) - 4] * 2, indexing="ij")
    inverse = compose(
        translation(numbers(0.3), numbers(-0.2)), rotation(numbers(0.4)), scaling(numbers(0.5), numbers(0.6))
    )
    moved = warp((2 * x - 3 * y + 1)[None, None], inverse)[0, 0]
    at = inverse[0] @ torch.stack([x.flatten(), y.flatten(), torch.ones(81, dtype=torch.float64)])
    assert_close(moved.flatten(), 2 * at[0] - 3 * at[1] + 1)


def test_first_and_second_derivatives_are_the_numerical_ones():
    images = pictures(4, 5, 1, 2).requires_grad_()
    inverse = compose(rotation(numbers(0.3, 1.0)), translation(numbers(0.7, -2.2), numbers(0.1, 5.4)))
    curved = lambda image: warp(image.sin(), inverse).square()  # noqa: E731
    assert gradcheck(curved, images)
    assert gradgradcheck(curved, images)


def test_a_single_row_of_pixels_stays_where_it_is():
    images = pictures(1, 1)
    assert torch.equal(warp(images, translation(numbers(0.4, 3.0), numbers(0.0, -2.0))), images)
