"""Where samples lie among real pictures: fidelity, diversity and memory, each a number of its own."""

import torch
from torch import Tensor

from gansmith.metrics.nearest import nearest, nearest_others, squared_distances

TIE = 1e-9
"""What exceeds a ball's squared radius by less than this share lies on its surface, and so inside."""


def balls(samples: Tensor, neighbours: int) -> Tensor:
    """Squared radii (n,) of closed balls around samples (n, d) that reach to the neighbour of this number, < n.

    Together they are the manifold of the samples: Kynkäänniemi et al. (2019), section 2.
    """
    return nearest_others(samples, neighbours)[0][:, -1].square() * (1 + TIE)


def precision_recall(fake: Tensor, real: Tensor, neighbours: int) -> tuple[float, float]:
    """Share of samples among the real pictures, and share of real pictures among the samples; both in [0, 1].

    Kynkäänniemi et al., "Improved precision and recall metric for assessing generative models" (2019,
    arXiv:1904.06991), section 2; there with 3 neighbours.

    Args:
        fake, real: features (n, d) and (m, d), more than `neighbours` of each.
    """
    around_fake, around_real = balls(fake, neighbours), balls(real, neighbours)
    covered = torch.zeros_like(around_real, dtype=torch.bool)
    hits = 0
    for first, squared in squared_distances(fake, real):
        hits += int((squared <= around_real).any(1).sum())
        covered |= (squared <= around_fake[first : first + len(squared), None]).any(0)
    return hits / len(fake), share(covered)


def density_coverage(fake: Tensor, real: Tensor, neighbours: int) -> tuple[float, float]:
    """In how many real pictures' balls a sample is, over `neighbours`; and the share of balls with a sample.

    Naeem et al., "Reliable fidelity and diversity metrics for generative models" (2020, arXiv:2002.09797),
    section 3; there with 5 neighbours. Both are near 1 for samples of the real distribution; only density may
    be larger.

    Args:
        fake, real: features (n, d) and (m, d), more than `neighbours` real ones.
    """
    around_real = balls(real, neighbours)
    members = torch.zeros_like(around_real, dtype=torch.int64)
    for _, squared in squared_distances(fake, real):
        members += (squared <= around_real).sum(0)
    return int(members.sum()) / (neighbours * len(fake)), share(members > 0)


def authenticity(fake: Tensor, training: Tensor) -> tuple[float, float]:
    """Share of samples that are no copies, in [0, 1], and the mean distance to the nearest training picture.

    A sample is authentic if it is farther from its nearest training picture than that picture is from its
    own nearest neighbour: Alaa et al., "How faithful is your synthetic data?" (2022, arXiv:2102.08921),
    in feature space as there. Noise is authentic as well: read it beside the precision.

    Args:
        fake, training: features (n, d) and (m, d), m >= 2.
    """
    distances, which = nearest(fake, training, 1)
    gaps, _ = nearest_others(training, 1)
    return share(distances > gaps[which[:, 0]]), float(distances.mean())


def share(holds: Tensor) -> float:
    """The part of a boolean tensor that is true."""
    return float(holds.double().mean())
