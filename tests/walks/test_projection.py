"""Descent to the codes of pictures."""

import torch

from gansmith.noise import NoiseByIndex
from gansmith.walks.projection import learning_rate, noise_strength, project


def quadratic(seed=0):
    """|A z - b|² for each of three b."""
    draws = torch.Generator().manual_seed(seed)
    matrix = torch.randn(16, 5, generator=draws, dtype=torch.float64)
    wanted = torch.randn(3, 16, generator=draws, dtype=torch.float64)
    return matrix, wanted, lambda code: (code @ matrix.t() - wanted).square().mean(1)


def found(loss, steps=400):
    draws = NoiseByIndex(0, torch.arange(3), torch.float64)
    start = torch.zeros(3, 5, dtype=torch.float64)
    return project(loss, start, torch.ones(3, 1).double(), draws, range(steps), steps)


def test_descent_ends_at_the_least_squares_solution():
    matrix, wanted, loss = quadratic()
    expected = torch.linalg.lstsq(matrix, wanted.t()).solution.t()
    torch.testing.assert_close(found(loss), expected, atol=1e-3, rtol=0)


def test_descent_is_a_function_of_the_draws():
    loss = quadratic()[2]
    assert torch.equal(found(loss, 20), found(loss, 20))


def test_rate_and_noise_follow_the_paper_over_a_thousand_steps():
    assert learning_rate(0.025) == 0.05
    assert learning_rate(0.05) == learning_rate(0.75) == 0.1
    assert abs(learning_rate(0.875) - 0.05) < 1e-12
    assert learning_rate(1.0) == 0
    assert noise_strength(0.0) == 0.05
    assert noise_strength(0.375) == 0.0125
    assert noise_strength(0.75) == noise_strength(0.9) == 0
