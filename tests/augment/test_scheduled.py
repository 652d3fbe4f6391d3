"""A probability that is given, and may rise with the images seen."""

import pytest
import torch

from gansmith.augment.bgc import bgc
from gansmith.augment.scheduled import Scheduled
from gansmith.errors import ConfigError
from gansmith.noise import Noise
from gansmith.training.ramps import Ramp

ROWS = 400


def draws() -> Noise:
    return Noise(0, ROWS, 0, torch.float32)


def changed(augment: Scheduled, images: torch.Tensor) -> float:
    """The share of pictures that are not what they were."""
    return (augment(images, draws()) != images).flatten(1).any(1).float().mean().item()


def test_a_number_is_the_probability_of_bgc():
    images = torch.rand(ROWS, 3, 8, 8) * 2 - 1
    torch.testing.assert_close(Scheduled(0.3)(images, draws()), bgc(images, torch.tensor(0.3), draws()))


def test_a_ramp_is_followed_and_logged():
    augment, images = Scheduled(Ramp(0.0, 1.0, 100, "linear")), torch.rand(ROWS, 1, 8, 8)
    assert changed(augment, images) == 0
    augment.at(50)
    assert augment.scalars() == {"augment/p": 0.5}
    assert changed(augment, images) > 0.5
    augment.at(10**9)
    assert augment.scalars() == {"augment/p": 1.0}


def test_colours_and_squares_have_their_shares():
    flat = torch.full((ROWS, 1, 8, 8), 0.5)
    assert changed(Scheduled(0.5, colour=0.0), flat) == 0
    # Brightness and contrast, of a quarter each: 1 - 0.75².
    assert changed(Scheduled(0.5, colour=0.5), flat) == pytest.approx(0.44, abs=0.08)
    squares = Scheduled(0.5, colour=0.0, cutout=0.6)(flat, draws())
    assert set(squares.unique().tolist()) == {0.0, 0.5}
    assert (squares == 0).flatten(1).any(1).float().mean() == pytest.approx(0.3, abs=0.08)


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        ("p", {"p": 1.5}),
        ("p at its end", {"p": Ramp(0, 2, 9)}),
        ("colour", {"p": 0, "colour": -1}),
        ("cutout", {"p": 0, "cutout": 2}),
    ],
)
def test_values_out_of_range_are_named(key, settings):
    with pytest.raises(ConfigError, match=rf"model\.augment\.{key} is"):
        Scheduled(**settings)
