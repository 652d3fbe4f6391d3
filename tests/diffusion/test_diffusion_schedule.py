"""How much of a picture is left at each time."""

import math

import pytest
import torch

from gansmith.diffusion.schedule import Cosine, Linear, alpha_sigma

TIMES = torch.linspace(0.05, 0.95, 19, dtype=torch.float64)


@pytest.mark.parametrize("schedule", [Cosine(), Cosine(shift=-1.0), Linear()])
def test_variance_is_preserved_and_pictures_fade(schedule):
    alpha, sigma = alpha_sigma(schedule, TIMES, 4)
    assert alpha.shape == (19, 1, 1, 1)
    torch.testing.assert_close(alpha.square() + sigma.square(), torch.ones_like(alpha))
    assert (alpha.flatten().diff() < 0).all()
    ends = schedule.log_snr(torch.tensor([0.0, 1.0], dtype=torch.float64))
    assert ends.isfinite().all()
    assert ends[0] > 9
    assert ends[1] < -9


def test_the_cosine_is_a_cosine_between_its_ends():
    alpha, _ = alpha_sigma(Cosine(most=40.0), TIMES, 1)
    torch.testing.assert_close(alpha, torch.cos(math.pi / 2 * TIMES), atol=1e-7, rtol=0)
    ends = Cosine(most=15.0).log_snr(torch.tensor([0.0, 1.0], dtype=torch.float64))
    torch.testing.assert_close(ends, torch.tensor([15.0, -15.0], dtype=torch.float64))


def test_linear_is_the_limit_of_a_thousand_steps():
    """Ho et al.: β from 1e-4 to 0.02 in 1,000 steps."""
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    discrete = torch.cumprod(1 - betas, 0).sqrt()
    times = torch.arange(1, 1001, dtype=torch.float64) / 1000
    alpha, _ = alpha_sigma(Linear(), times, 1)
    torch.testing.assert_close(alpha, discrete, atol=3e-3, rtol=0)
