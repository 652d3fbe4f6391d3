"""How evenly pictures change along a path of latents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gansmith.errors import ConfigError
from gansmith.metrics import perceptual
from gansmith.metrics.arithmetic import float32_arithmetic
from gansmith.metrics.collective import communication_device, rank_and_world
from gansmith.metrics.features import FeatureMetric, shard
from gansmith.metrics.lpips import lpips, lpips_network
from gansmith.metrics.perceptual import perceptual_distance
from gansmith.objectives.feature_network import feature_network

NETWORK = perceptual.NETWORK
LPIPS_VGG16 = "lpips_vgg16"
NETWORKS = (NETWORK, LPIPS_VGG16)
"""Whose distances there are: that of a packaged network, and that of the paper, which needs a download."""
EPSILON = 1e-4
EXTREMES = (1, 99)
"""Percentiles: what lies beyond is left out."""

Distance = Callable[[Tensor, Tensor], Tensor]
"""Pictures, floats (n, 1 or 3, H, W) in [-1, 1], twice, to float64 (n,)."""


def perceptual_path_length(
    model: Any,
    samples: int,
    seed: int,
    device: torch.device | str,
    batch_size: int = 32,
    tick: Callable[[int], None] = lambda done: None,
    network: str = NETWORK,
) -> float:
    """The mean of d(G(slerp(z1, z2; t)), G(slerp(z1, z2; t + ε))) / ε², t uniform, without the extremes.

    Karras et al., "A style-based generator architecture" (2019, arXiv:1812.04948), section 4.1. Pictures are
    compared as the generator makes them: the steps are smaller than those of 8 bits. Collective: every rank gets
    the same number, for any number of ranks.

    Args:
        model: `sample_path(indices, seed, epsilon)` gives the pictures at both ends, floats (n, C, H, W) in [-1, 1].
        samples: number of paths.
        seed: of the paths.
        device: of the network that compares.
        batch_size: paths at a time on one process.
        tick: called with the number of paths done.
        network: of NETWORKS, whose distance is d. Numbers of different ones can't be compared.

    Raises:
        ConfigError: a model without paths.
        WeightsError: weights that can't be had.
    """
    if not hasattr(model, "sample_path"):
        raise ConfigError(f"metrics.metrics: ppl needs paths between latents, which model={model.name} does not have")
    device = torch.device(device)
    distance = distance_of(network, device)
    rank, world = rank_and_world()
    lengths = FeatureMetric(samples).to(communication_device(device))
    for number, indices in enumerate(shard(samples, batch_size, rank, world), start=1):
        with torch.inference_mode(), float32_arithmetic(device):
            start, end = (pictures.to(device) for pictures in model.sample_path(indices, seed, EPSILON))
            lengths.update(distance(start, end)[:, None] / EPSILON**2, indices)
        tick(min(number * len(indices) * world, samples))
    return without_extremes(lengths.compute().cpu().flatten()).mean().item()


def distance_of(network: str, device: torch.device) -> Distance:
    """The distance of one of NETWORKS. Raises WeightsError for weights that can't be had."""
    if network == LPIPS_VGG16:
        vgg = lpips_network("vgg", device=device)
        return lambda start, end: lpips(start, end, vgg)
    features = feature_network(network, device=device)
    return lambda start, end: perceptual_distance(start, end, features)


def without_extremes(lengths: Tensor) -> Tensor:
    """Those of the lengths (n,) between the percentiles; at each, the one that is still in is the outer one."""
    values = lengths.numpy()
    lowest = np.percentile(values, EXTREMES[0], method="lower")
    highest = np.percentile(values, EXTREMES[1], method="higher")
    return lengths[(lengths >= lowest) & (lengths <= highest)]
