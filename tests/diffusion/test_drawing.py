"""From noise to a picture that shows its condition."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from gansmith.diffusion.drawing import Drawing, kept, with_steps
from gansmith.diffusion.sampler import Sampler
from gansmith.diffusion.schedule import Cosine, alpha_sigma
from gansmith.noise import Noise

SHAPE = (2, 1, 4, 4)


@dataclass(frozen=True)
class Grey:
    """That n pictures have the values (n,)."""

    values: Tensor

    def followed_by(self, other):
        return Grey(torch.cat([self.values, other.values]))


class Obedient:
    """Predicts the grey picture that its condition asks for, and remembers what it was called with."""

    def __init__(self):
        self.calls = []

    def __call__(self, noisy, time, condition):
        assert len(noisy) == len(time) == len(condition.values)
        self.calls.append((noisy, time))
        return condition.values[:, None, None, None].expand_as(noisy)


def draws(seed=0, rows=2):
    return Noise(seed, rows, 0, torch.float32)


def grey(*values):
    return Grey(torch.tensor(values))


def drawn(network, condition, opposite, drawing=None, **changes):
    drawing = drawing or Drawing(Sampler(Cosine(), "clean", steps=3))
    return drawing.sample(network, SHAPE, condition, opposite, draws(), **changes)


def noisy_one(noisy, time, condition):
    """Far from any picture, and different for every condition."""
    return 3 * noisy + condition.values[:, None, None, None]


def test_without_weight_what_is_led_away_from_does_not_matter():
    network, condition = Obedient(), grey(0.2, -0.5)
    one, other = (drawn(network, condition, grey(value, value), guidance=1) for value in (0.0, 0.9))
    assert torch.equal(one, other)
    assert {len(noisy) for noisy, _ in network.calls} == {2}


@pytest.mark.parametrize("weight", [0.0, 0.5, 2.0])
def test_with_a_weight_both_halves_are_asked_at_the_same_place(weight):
    network, condition, opposite = Obedient(), grey(0.2, -0.3), grey(0.1, 0.0)
    said = drawn(network, condition, opposite, guidance=weight)
    expected = opposite.values + weight * (condition.values - opposite.values)
    torch.testing.assert_close(said, expected[:, None, None, None].expand(SHAPE))
    assert len(network.calls) == 3
    for noisy, time in network.calls:
        for value in (noisy, time):
            assert torch.equal(value[:2], value[2:])


def test_the_weight_of_the_drawing_is_taken_where_none_is_asked_for():
    drawing = Drawing(Sampler(Cosine(), "clean", steps=2), guidance=2.0)
    found = [drawn(Obedient(), grey(0.2, 0.3), grey(0.0, 0.1), drawing, guidance=weight) for weight in (None, 2.0, 1.5)]
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


@pytest.mark.parametrize("kind", ["v", "clean", "noise"])
def test_pictures_stay_in_range(kind):
    drawing = Drawing(Sampler(Cosine(), kind, steps=4), guidance=5.0)
    assert drawn(noisy_one, grey(9.0, -9.0), grey(0.0, 0.0), drawing).abs().max() <= 1
    # The quantile of a picture of one value is this value, by which it is divided.
    assert torch.equal(
        drawn(Obedient(), grey(0.6, -0.6), grey(0.0, 0.0), guidance=5)[:, 0, 0, 0], torch.tensor([1, -1.0])
    )


@pytest.mark.parametrize("steps", [1, 7])
def test_steps_are_those_asked_for(steps):
    network = Obedient()
    drawn(network, grey(0.0, 0.0), grey(0.0, 0.0), guidance=1, steps=steps)
    assert len(network.calls) == steps
    sampler = Sampler(Cosine(), "clean", steps=3, eta=0.5)
    assert with_steps(sampler, None) is sampler
    assert with_steps(sampler, steps) == Sampler(Cosine(), "clean", steps=steps, eta=0.5)


def test_the_loss_is_the_error_of_the_prediction():
    clean, drawing = torch.rand(SHAPE) * 2 - 1, Drawing(Sampler(Cosine(), "v"))
    again = draws()
    time, noise = again.uniform(2, 1).flatten(), again.normal(*SHAPE)
    alpha, sigma = alpha_sigma(Cosine(), time, 4)
    expected = mse_loss(grey(0.1, 0.2).values[:, None, None, None].expand(SHAPE), alpha * noise - sigma * clean)
    torch.testing.assert_close(drawing.loss(Obedient(), clean, grey(0.1, 0.2), draws()), expected)


@pytest.mark.parametrize("drop", [0.0, 0.1, 0.5, 0.9])
def test_as_many_conditions_are_kept_as_are_not_dropped(drop):
    keep = kept(draws(rows=10000), 10000, drop, torch.zeros(1))
    assert keep.dtype == torch.bool
    assert keep.double().mean().item() == pytest.approx(1 - drop, abs=0.02)
    if not drop:
        assert keep.all()


def test_which_are_kept_does_not_depend_on_how_a_batch_is_split():
    whole = kept(draws(rows=8), 8, 0.5, torch.zeros(1))
    parts = [kept(Noise(0, 8, start, torch.float32), 4, 0.5, torch.zeros(1)) for start in (0, 4)]
    assert torch.equal(torch.cat(parts), whole)
    assert whole.any()
    assert not whole.all()
