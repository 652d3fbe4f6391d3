"""Pixel losses are errors of pictures in [0, 1], whatever range the networks have."""

import torch

from gansmith.objectives.reconstruction import AbsoluteError, SquaredError


def test_errors_are_those_of_the_pictures_in_unit_range():
    unit, other = torch.rand(2, 3, 3, 5, 4, dtype=torch.float64).unbind()
    output, target = 2 * unit - 1, 2 * other - 1
    torch.testing.assert_close(AbsoluteError()(output, target), (unit - other).abs().mean())
    torch.testing.assert_close(SquaredError()(output, target), (unit - other).square().mean())


def test_black_and_white_are_one_apart():
    black, white = -torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    assert AbsoluteError()(black, white) == SquaredError()(black, white) == 1
