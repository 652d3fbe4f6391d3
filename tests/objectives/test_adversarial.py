"""Losses against their closed forms, and the optima that the papers prove."""

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from gansmith.objectives.adversarial import (
    CrossEntropy,
    Hinge,
    LeastSquares,
    Minimax,
    Relativistic,
    RelativisticAverage,
    Wasserstein,
)

LOSSES = [CrossEntropy(), Minimax(), LeastSquares(), Wasserstein(), Hinge(), Relativistic(), RelativisticAverage()]


@pytest.fixture
def logits() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(7, generator=generator, dtype=torch.float64) * 3 for _ in range(2))


def test_cross_entropy_is_binary_cross_entropy(logits):
    real, fake = logits
    ones, zeros = torch.ones_like(real), torch.zeros_like(fake)
    expected = binary_cross_entropy_with_logits(real, ones) + binary_cross_entropy_with_logits(fake, zeros)
    torch.testing.assert_close(CrossEntropy().discriminator(real, fake), expected)
    torch.testing.assert_close(CrossEntropy().generator(fake), binary_cross_entropy_with_logits(fake, ones))


def test_minimax_generator_minimises_what_the_discriminator_maximises(logits):
    real, fake = logits
    value = torch.sigmoid(real).log().mean() + (1 - torch.sigmoid(fake)).log().mean()
    torch.testing.assert_close(Minimax().discriminator(real, fake), -value)
    torch.testing.assert_close(Minimax().generator(fake), (1 - torch.sigmoid(fake)).log().mean())


def test_undecided_discriminator_costs_twice_log_two():
    assert CrossEntropy().discriminator(torch.zeros(3), torch.zeros(3)).item() == pytest.approx(2 * math.log(2))


def test_saturating_generator_has_no_gradient_where_the_other_has_a_full_one():
    fake = torch.tensor([-30.0], requires_grad=True)
    (saturated,) = torch.autograd.grad(Minimax().generator(fake), fake)
    (alive,) = torch.autograd.grad(CrossEntropy().generator(fake), fake)
    assert abs(saturated.item()) < 1e-12
    assert alive.item() == pytest.approx(-1.0)


def test_least_squares_measures_the_distance_to_zero_and_one(logits):
    real, fake = logits
    expected = 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()
    torch.testing.assert_close(LeastSquares().discriminator(real, fake), expected)
    torch.testing.assert_close(LeastSquares().generator(fake), 0.5 * ((fake - 1) ** 2).mean())
    torch.testing.assert_close(LeastSquares(weight=1.0).discriminator(real, fake), 2 * expected)
    torch.testing.assert_close(LeastSquares(weight=1.0).generator(fake), ((fake - 1) ** 2).mean())


def test_wasserstein_is_the_difference_of_means(logits):
    real, fake = logits
    torch.testing.assert_close(Wasserstein().discriminator(real, fake), fake.mean() - real.mean())
    torch.testing.assert_close(Wasserstein().generator(fake), -fake.mean())


def test_hinge_ignores_what_is_beyond_the_margin():
    real = torch.tensor([0.5, 1.0, 7.0])
    fake = torch.tensor([-0.5, -1.0, -7.0])
    assert Hinge().discriminator(real, fake).item() == pytest.approx(0.5 / 3 + 0.5 / 3)
    assert Hinge().generator(fake).item() == pytest.approx(8.5 / 3)


def test_relativistic_compares_pairs(logits):
    real, fake = logits
    expected = -torch.sigmoid(real - fake).log().mean()
    torch.testing.assert_close(Relativistic().discriminator(real, fake), expected)
    torch.testing.assert_close(Relativistic().generator(fake, real), -torch.sigmoid(fake - real).log().mean())
    with pytest.raises(ValueError, match="real logits"):
        Relativistic().generator(fake)


def test_relativistic_average_compares_with_the_mean_of_the_other_side(logits):
    real, fake = logits
    realer, faker = torch.sigmoid(real - fake.mean()), torch.sigmoid(fake - real.mean())
    expected = -realer.log().mean() - (1 - faker).log().mean()
    torch.testing.assert_close(RelativisticAverage().discriminator(real, fake), expected)
    expected = -faker.log().mean() - (1 - realer).log().mean()
    torch.testing.assert_close(RelativisticAverage().generator(fake, real), expected)
    with pytest.raises(ValueError, match="real logits"):
        RelativisticAverage().generator(fake)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_losses_pull_logits_the_right_way(loss):
    real, fake = (torch.zeros(4, requires_grad=True) for _ in range(2))
    of_real, of_fake = torch.autograd.grad(loss.discriminator(real, fake), (real, fake))
    assert (of_real <= 0).all()
    assert (of_fake >= 0).all()
    (of_generated,) = torch.autograd.grad(loss.generator(fake, real), fake)
    assert (of_generated < 0).all()


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_maps_of_patches_count_as_so_many_logits(loss, logits):
    real, fake = (side[:6] for side in logits)
    shape = (1, 1, 2, 3)
    torch.testing.assert_close(loss.discriminator(real.view(shape), fake.view(shape)), loss.discriminator(real, fake))
