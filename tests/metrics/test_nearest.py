"""Nearest neighbours are those of a search pair by pair."""

import torch

from gansmith.metrics.nearest import nearest, nearest_others

POINTS, SAMPLES = torch.randn(2, 40, 6, generator=torch.Generator().manual_seed(0))


def pairwise(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return (left.double()[:, None] - right.double()[None]).square().sum(-1).sqrt()


def test_nearest_are_sorted_and_numbered():
    distances, numbers = nearest(POINTS, SAMPLES, 3)
    expected = pairwise(POINTS, SAMPLES).sort(dim=1)
    torch.testing.assert_close(distances, expected.values[:, :3], rtol=1e-12, atol=1e-12)
    assert torch.equal(numbers, expected.indices[:, :3])


def test_others_are_not_the_sample_itself():
    distances, numbers = nearest_others(SAMPLES, 39)
    own = torch.arange(40)[:, None]
    assert not (numbers == own).any()
    assert torch.equal(numbers.sort().values, torch.stack([torch.arange(40)[torch.arange(40) != i] for i in range(40)]))
    torch.testing.assert_close(distances[:, 0], pairwise(SAMPLES, SAMPLES).fill_diagonal_(torch.inf).amin(1))


def test_a_twin_is_another():
    twins = SAMPLES[:5].repeat(2, 1)
    distances, numbers = nearest_others(twins, 1)
    assert (distances == 0).all()
    assert torch.equal(numbers[:, 0], (torch.arange(10) + 5) % 10)
