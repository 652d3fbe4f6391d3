"""ADA's transformations: probabilities, ranges and the algebra of their colours."""

import math

import pytest
import torch
from torch.testing import assert_close

from gansmith.augment.bgc import bgc, colour_matrices, placements, recolour
from gansmith.noise import Noise


def draws(rows: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Noise:
    return Noise(seed, rows, 0, dtype)


def pictures(rows: int = 4, channels: int = 3, side: int = 8) -> torch.Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.rand(rows, channels, side, side, generator=draw, dtype=torch.float64) * 2 - 1


def p(value: float) -> torch.Tensor:
    return torch.tensor(value)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_without_probability_pictures_stay_as_they_are(channels):
    images = pictures(channels=channels)
    assert_close(bgc(images, p(0.0), draws(4)), images)
    assert not torch.allclose(bgc(images, p(1.0), draws(4)), images)


@pytest.mark.parametrize("probability", [0.0, 0.3, 0.8])
def test_as_many_pictures_stay_where_they_are_as_all_dice_say(probability):
    """Of eight: flips do nothing half the time, quarter turns a quarter; the two turns have p together."""
    rows = 20_000
    moved = placements(torch.empty(rows, 1, 64, 64), p(probability), draws(rows))
    still = (moved == torch.eye(3)).all((1, 2)).double().mean().item()
    # Shifts by up to 8 pixels are none where both round to 0.
    none = (1 / 16) ** 2
    q = probability
    expected = (1 - q / 2) * (1 - 3 * q / 4) * (1 - q * (1 - none)) * (1 - q) ** 4
    assert still == pytest.approx(expected, abs=0.01)


def test_sizes_shapes_and_shifts_have_the_deviations_of_the_paper():
    rows = 50_000
    inverse = placements(torch.empty(rows, 1, 100, 200), p(1.0), draws(rows))
    # Turns, flips and aspects leave areas as they are: the factor is the square of the isotropic scale.
    log_scale = inverse[:, :2, :2].det().abs().log() / 2
    assert log_scale.mean().item() == pytest.approx(0, abs=0.005)
    assert log_scale.std().item() == pytest.approx(0.2 * math.log(2), rel=0.02)


def test_colours_are_the_products_of_appendix_b():
    v = torch.ones(3, dtype=torch.float64) / math.sqrt(3)
    outer, eye = torch.outer(v, v), torch.eye(3, dtype=torch.float64)
    cross = torch.tensor([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]], dtype=torch.float64)
    angle, factor = torch.tensor(0.7, dtype=torch.float64), torch.tensor(1.6, dtype=torch.float64)
    turn = torch.linalg.matrix_exp(angle * cross)
    for flip in (0, 1):
        expected = (outer + factor * (eye - outer)) @ turn @ (eye - 2 * flip * outer)
        found = colour_matrices(1 - 2 * torch.tensor([flip]).double(), angle[None], factor[None])
        assert_close(found[0], expected)


def test_grey_has_no_hue():
    grey = torch.full((200, 3, 1, 1), 0.3, dtype=torch.float64)
    seen = recolour(grey, p(1.0), draws(200))
    assert_close(seen, seen[:, :1].expand_as(seen))
    inverted = (seen[:, 0] < 0).double().mean().item()
    assert 0.3 < inverted < 0.75


def test_other_than_three_channels_keep_their_order_of_values():
    images = pictures(channels=2)
    seen = recolour(images, p(1.0), draws(4)).flatten(1)
    assert torch.equal(seen.argsort(), images.flatten(1).argsort())


def test_two_halves_of_a_batch_are_the_whole():
    images = pictures(6)
    whole = bgc(images, p(0.7), draws(6))
    for start in (0, 3):
        half = bgc(images[start : start + 3], p(0.7), Noise(0, 6, start, torch.float64))
        assert torch.equal(half, whole[start : start + 3])


def test_half_precision_pictures_keep_their_type():
    images = pictures().bfloat16()
    assert bgc(images, p(1.0), draws(4, dtype=torch.float32)).dtype == torch.bfloat16
