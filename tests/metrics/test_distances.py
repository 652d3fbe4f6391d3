"""The distances equal their formulas, written here a second time."""

import math

import numpy as np
import pytest
import scipy.linalg
import torch

from gansmith.metrics.distances import (
    frechet_distance,
    gaussian_statistics,
    inception_score,
    intra_class_distances,
    kernel_distance,
)


def features(n: int, d: int = 24, shift: float = 0.0, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(d, d, generator=generator) / d**0.5
    return torch.randn(n, d, generator=generator) @ mixing + shift


def test_frechet_distance_is_its_formula():
    fake, real = features(200), features(300, shift=0.3, seed=1)
    m1, m2 = fake.double().numpy().mean(0), real.double().numpy().mean(0)
    c1, c2 = np.cov(fake.double().numpy().T), np.cov(real.double().numpy().T)
    root = scipy.linalg.sqrtm(c1 @ c2).real
    expected = ((m1 - m2) ** 2).sum() + np.trace(c1 + c2 - 2 * root)
    measured = frechet_distance(gaussian_statistics(fake), gaussian_statistics(real))
    assert measured == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_to_itself_is_zero():
    same = gaussian_statistics(features(500))
    assert abs(frechet_distance(same, same)) < 1e-6


def test_frechet_distance_of_a_shift_is_its_squared_length():
    real = features(400)
    shifted = frechet_distance(gaussian_statistics(real + 0.5), gaussian_statistics(real))
    assert shifted == pytest.approx(24 * 0.25, rel=1e-5)


def test_frechet_distance_with_fewer_samples_than_features():
    """tr (C1 C2)^(1/2) is the sum of the singular values of the centred samples' product."""
    fake, real = features(40, 64).double(), features(90, 64, seed=1).double()
    x, y = [(side - side.mean(0)) / math.sqrt(len(side) - 1) for side in (fake, real)]
    trace = torch.linalg.svdvals(x @ y.T).sum()
    gap = (fake.mean(0) - real.mean(0)).square().sum()
    expected = float(gap + x.square().sum() + y.square().sum() - 2 * trace)
    measured = frechet_distance(gaussian_statistics(fake), gaussian_statistics(real))
    assert measured == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("n", [20, 120])
def test_intra_class_distances_are_each_class_by_itself(n):
    """With fewer samples a class than features, and with more."""
    fake, real = features(2 * n, 64).double(), features(3 * n, 64, shift=0.2, seed=1).double()
    fake_labels, real_labels = torch.arange(2 * n) % 2, torch.arange(3 * n) // (2 * n)
    expected = [
        frechet_distance(gaussian_statistics(fake[fake_labels == c]), gaussian_statistics(real[real_labels == c]))
        for c in (0, 1)
    ]
    measured = intra_class_distances(fake, fake_labels, real, real_labels)
    assert measured.tolist() == pytest.approx(expected, rel=1e-6)


def test_classes_in_each_others_place_are_seen_by_intra_class_distances_alone():
    real = torch.cat([features(100), features(100, shift=2.0)])
    labels = torch.arange(200) // 100
    right, swapped = (intra_class_distances(real, given, real, labels).mean() for given in (labels, 1 - labels))
    assert abs(right) < 1e-9
    assert swapped > 24 * 2**2 * 0.5


def unbiased_mmd(x: np.ndarray, y: np.ndarray) -> float:
    """Pair by pair, as the definition has it."""
    n, d = x.shape

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / d + 1) ** 3)

    within = sum(kernel(x[i], x[j]) + kernel(y[i], y[j]) for i in range(n) for j in range(n) if i != j)
    between = sum(kernel(a, b) for a in x for b in y)
    return within / (n * (n - 1)) - 2 * between / n**2


@pytest.mark.parametrize("subsets", [1, 3])
def test_kernel_distance_of_the_whole_set_is_the_unbiased_mmd(subsets):
    """One subset takes torch-fidelity's function, three the shared kernel matrix."""
    fake, real = features(40), features(40, shift=0.5, seed=1)
    mean, std = kernel_distance(fake, real, subsets=subsets, subset_size=40)
    assert mean == pytest.approx(unbiased_mmd(fake.double().numpy(), real.double().numpy()), rel=1e-9)
    assert std < 1e-12


def test_kernel_distance_uses_the_same_subsets_as_torch_fidelity():
    from torch_fidelity.metric_kid import kid_features_to_metric

    fake, real = features(150), features(120, shift=0.2, seed=1)
    mean, std = kernel_distance(fake, real, subsets=20, subset_size=50)
    theirs = kid_features_to_metric(fake.double(), real.double(), kid_subsets=20, kid_subset_size=50, verbose=False)
    assert mean == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)
    assert std == pytest.approx(theirs["kernel_inception_distance_std"], rel=1e-9)


def test_kernel_distance_is_unbiased():
    """Between samples of one distribution its mean is 0 within its own error, at 20 samples a side."""
    values = []
    generator = torch.Generator().manual_seed(0)
    for _ in range(400):
        fake, real = torch.randn(2, 20, 8, generator=generator)
        values.append(kernel_distance(fake, real, subsets=1, subset_size=20)[0])
    assert abs(np.mean(values)) < 3 * np.std(values) / math.sqrt(len(values))


def test_inception_score_of_uniform_predictions_is_one():
    mean, std = inception_score(torch.zeros(100, 10))
    assert mean == pytest.approx(1, abs=1e-12)
    assert std == pytest.approx(0, abs=1e-12)


def test_inception_score_of_sure_and_balanced_predictions_is_the_number_of_classes(monkeypatch):
    """One split of everything: splits of a finite set are not exactly balanced."""
    from torch_fidelity.metric_isc import isc_features_to_metric

    import gansmith.metrics.distances as distances

    monkeypatch.setattr(
        distances,
        "isc_features_to_metric",
        lambda logits, splits, rng_seed: isc_features_to_metric(logits, 1, True, rng_seed),
    )
    logits = torch.eye(10).repeat(30, 1) * 1000
    assert inception_score(logits)[0] == pytest.approx(10, rel=1e-9)
