"""Precision, recall, density, coverage and authenticity are their definitions, written here a second time."""

import numpy as np
import pytest
import torch
from torch_fidelity.metric_prc import prc_features_to_metric

from gansmith.metrics import nearest
from gansmith.metrics.manifold import authenticity, density_coverage, precision_recall


def features(n: int, d: int = 12, shift: float = 0.0, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed)) + shift


FAKE, REAL = features(83, shift=0.4), features(61, seed=1)


def pairwise(left: torch.Tensor, right: torch.Tensor) -> np.ndarray:
    """Pair by pair, in float64."""
    x, y = left.double().numpy(), right.double().numpy()
    return np.array([[np.sqrt(((a - b) ** 2).sum()) for b in y] for a in x])


def radii(samples: torch.Tensor, k: int) -> np.ndarray:
    """To the kth nearest other: number k of the sorted distances, of which the first is that to itself."""
    return np.sort(pairwise(samples, samples), axis=1)[:, k]


@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_and_recall_are_their_definition(k):
    between = pairwise(FAKE, REAL)
    precision = (between <= radii(REAL, k)[None]).any(1).mean()
    recall = (between <= radii(FAKE, k)[:, None]).any(0).mean()
    assert 0 < recall < 1
    assert precision_recall(FAKE, REAL, k) == pytest.approx((precision, recall), rel=1e-12)


def test_precision_and_recall_are_those_of_torch_fidelity():
    theirs = prc_features_to_metric(FAKE, REAL, prc_neighborhood=3, verbose=False)
    assert precision_recall(FAKE, REAL, 3) == pytest.approx((theirs["precision"], theirs["recall"]), rel=1e-6)


@pytest.mark.parametrize("k", [1, 5])
def test_density_and_coverage_are_their_definition(k):
    inside = pairwise(FAKE, REAL) <= radii(REAL, k)[None]
    expected = inside.sum() / (k * len(FAKE)), inside.any(0).mean()
    assert density_coverage(FAKE, REAL, k) == pytest.approx(expected, rel=1e-12)


def test_authenticity_is_its_definition():
    between = pairwise(FAKE, REAL)
    expected = (between.min(1) > radii(REAL, 1)[between.argmin(1)]).mean()
    share, distance = authenticity(FAKE, REAL)
    assert 0 < share < 1
    assert share == pytest.approx(expected, rel=1e-12)
    assert distance == pytest.approx(between.min(1).mean(), rel=1e-9)


def test_a_set_beside_its_copy():
    copy = REAL[torch.randperm(len(REAL))]
    assert precision_recall(copy, REAL, 3) == (1, 1)
    assert density_coverage(copy, REAL, 5)[1] == 1
    assert authenticity(copy, REAL) == (0, 0)


def test_samples_that_are_nowhere_near():
    far = features(50, shift=1000)
    assert precision_recall(far, REAL, 3) == (0, 0)
    assert density_coverage(far, REAL, 5) == (0, 0)
    assert authenticity(far, REAL)[0] == 1


def test_samples_of_few_kinds_are_precise_and_cover_little():
    few = REAL[:2].repeat(40, 1) + 0.01 * features(80)
    precision, recall = precision_recall(few, REAL, 3)
    assert precision == 1
    assert recall < 0.1
    assert density_coverage(few, REAL, 5)[1] < 0.5


def test_density_and_coverage_of_the_same_distribution_are_near_one():
    """Coverage's expectation is 1 - 2^-5 for 5 neighbours and sets of one size."""
    density, coverage = density_coverage(features(1500, 4), features(1500, 4, seed=1), 5)
    assert density == pytest.approx(1, abs=0.05)
    assert coverage == pytest.approx(1 - 2**-5, abs=0.02)


def test_equal_features_have_no_distance():
    """Whatever their length: a difference of large products would leave its rounding error."""
    same = (1e4 * features(1, 1280)).expand(20, -1)
    distances, _ = nearest.nearest_others(same, 19)
    assert (distances == 0).all()
    assert precision_recall(same, same, 3) == (1, 1)
    assert authenticity(same, same) == (0, 0)


@pytest.mark.parametrize("block", [1, 200, 700])
def test_blocks_change_nothing_and_bound_the_memory(monkeypatch, block):
    def measured() -> tuple[float, ...]:
        return *precision_recall(FAKE, REAL, 3), *density_coverage(FAKE, REAL, 5), *authenticity(FAKE, REAL)

    expected = measured()
    monkeypatch.setattr(nearest, "BLOCK", block)
    assert measured() == pytest.approx(expected, rel=1e-12)
    sizes = [squared.numel() for _, squared in nearest.squared_distances(FAKE, REAL)]
    assert max(sizes) <= max(block, len(REAL))
    assert sum(sizes) == len(FAKE) * len(REAL)
