"""The formulas: pure functions of features, in float64. torch-fidelity's own wherever it has them."""

import numpy as np
import torch
from torch import Tensor
from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import KEY_METRIC_ISC_MEAN, KEY_METRIC_ISC_STD, isc_features_to_metric
from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, KEY_METRIC_KID_STD, kid_features_to_metric

TORCH_FIDELITY_SEED = 2020
"""Of the splits and subsets: with torch-fidelity's own default the numbers agree with its command line."""

WHOLE_KERNEL = 5000
"""Up to this many samples a side, a kernel matrix (200 MB) is computed whole."""


def gaussian_statistics(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (d,) and unbiased covariance (d, d) of features (n, d), in float64."""
    statistics = fid_features_to_statistics(features.double().cpu())
    return torch.from_numpy(statistics["mu"]), torch.from_numpy(np.atleast_2d(statistics["sigma"]))


def frechet_distance(fake: tuple[Tensor, Tensor], real: tuple[Tensor, Tensor]) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of two Gaussians given as (mean, covariance), in float64.

    Heusel et al., "GANs trained by a two time-scale update rule" (2017, arXiv:1706.08500), equation 6. With
    Inception-v3's features it is the FID. It is biased upward by about 1/n.
    """
    sides = [{"mu": mean.numpy(), "sigma": covariance.numpy()} for mean, covariance in (fake, real)]
    return fid_statistics_to_metric(*sides, verbose=False)[KEY_METRIC_FID]


def intra_class_distances(fake: Tensor, fake_labels: Tensor, real: Tensor, real_labels: Tensor) -> Tensor:
    """The Fréchet distance within each class, between its samples and its real pictures, float64 (classes,).

    Their mean is the intra-class FD of Miyato and Koyama, "cGANs with projection discriminator" (2018,
    arXiv:1802.05637), section 4.1: it sees what a class lacks, also where another class has it. Biased upward
    by about 1 / n as the distance itself, with n samples a class.

    Args:
        fake, real: features (n, d) and (m, d).
        fake_labels, real_labels: int64 (n,) and (m,), the same classes, each at least twice.
    """
    return torch.tensor(
        [
            _sample_distance(fake[fake_labels == label], real[real_labels == label])
            for label in real_labels.unique().tolist()
        ],
        dtype=torch.float64,
    )


def _sample_distance(fake: Tensor, real: Tensor) -> float:
    """`frechet_distance` from features; a class has fewer pictures than features, and then this is fast and exact.

    With C = A'A, tr (C1 C2)^(1/2) is the sum of the singular values of A1 A2'.
    """
    (mean, root), (real_mean, real_root) = (_mean_and_root(features.double().cpu()) for features in (fake, real))
    overlap = torch.linalg.svdvals(root @ real_root.T).sum()
    spreads = root.square().sum() + real_root.square().sum()
    return float((mean - real_mean).square().sum() + spreads - 2 * overlap)


def _mean_and_root(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (d,), and A (at most d, d) with A'A the unbiased covariance."""
    mean = features.mean(0)
    root = (features - mean) / (len(features) - 1) ** 0.5
    return mean, torch.linalg.qr(root, mode="r").R if len(root) > root.shape[1] else root


def kernel_distance(fake: Tensor, real: Tensor, subsets: int, subset_size: int) -> tuple[float, float]:
    """Mean and standard deviation over random subsets of the unbiased MMD^2 with the kernel (x.y/d + 1)^3.

    Bińkowski et al., "Demystifying MMD GANs" (2018, arXiv:1801.01401), section 4. With Inception-v3's
    features it is the KID. Unbiased at any number of samples, so it may be a little below 0.

    Args:
        fake, real: (n, d) and (m, d).
        subset_size: at most n and m.

    Same subsets as torch-fidelity's function, and the same numbers to rounding: where the subsets together
    are larger than the set, one kernel matrix serves them all.
    """
    larger = max(len(fake), len(real))
    if larger <= WHOLE_KERNEL and subsets * subset_size**2 > larger**2:
        values = _subset_mmds(fake.double(), real.double(), subsets, subset_size)
        return float(values.mean()), float(values.std(unbiased=False))
    result = kid_features_to_metric(
        fake.double(),
        real.double(),
        kid_subsets=subsets,
        kid_subset_size=subset_size,
        rng_seed=TORCH_FIDELITY_SEED,
        verbose=False,
    )
    return result[KEY_METRIC_KID_MEAN], result[KEY_METRIC_KID_STD]


def _subset_mmds(fake: Tensor, real: Tensor, subsets: int, size: int) -> Tensor:
    """MMD^2 of each subset (subsets,): with its indicator vector u, a sum over its pairs is u'Ku."""
    draw = np.random.RandomState(TORCH_FIDELITY_SEED)
    in_fake, in_real = fake.new_zeros(subsets, len(fake)), real.new_zeros(subsets, len(real))
    for subset in range(subsets):
        for members in (in_fake[subset], in_real[subset]):
            members[torch.from_numpy(draw.choice(len(members), size, replace=False))] = 1

    def within(samples: Tensor, members: Tensor) -> Tensor:
        kernel = _cubic_kernel(samples, samples).fill_diagonal_(0)
        return (members @ kernel * members).sum(1) / (size * (size - 1))

    between = (in_fake @ _cubic_kernel(fake, real) * in_real).sum(1) / size**2
    return within(fake, in_fake) + within(real, in_real) - 2 * between


def _cubic_kernel(left: Tensor, right: Tensor) -> Tensor:
    return (left @ right.T / left.shape[1] + 1) ** 3


def inception_score(logits: Tensor) -> tuple[float, float]:
    """Mean and standard deviation over 10 splits of exp(E KL(p(y|x) || p(y))), from logits (n, classes).

    Salimans et al., "Improved techniques for training GANs" (2016, arXiv:1606.03498), section 4. Between 1
    and the number of classes; larger is better.
    """
    splits = min(10, len(logits))
    result = isc_features_to_metric(logits.cpu(), splits=splits, rng_seed=TORCH_FIDELITY_SEED)
    return result[KEY_METRIC_ISC_MEAN], result[KEY_METRIC_ISC_STD]
