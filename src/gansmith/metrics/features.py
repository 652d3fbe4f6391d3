"""Features of N pictures, shared out among ranks and put back in order."""

from collections.abc import Callable

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from gansmith.metrics.collective import communication_device, rank_and_world
from gansmith.metrics.extractors import Extractor


class FeatureMetric(Metric):
    """Features with the numbers of their samples, gathered from all ranks in the samples' order.

    A Fréchet distance is no mean of the ranks' distances, and splits and subsets depend on the order, so
    what is gathered is the features themselves: N x d x 4 bytes on every rank (50k x 2048: 390 MiB).

    Args:
        samples: N. Sample i may be given on any rank, and twice; every one of 0..N-1 must be given.
    """

    full_state_update = False
    features: list[Tensor]
    indices: list[Tensor]

    def __init__(self, samples: int) -> None:
        super().__init__()
        self.samples = samples
        self.add_state("features", default=[], dist_reduce_fx="cat")
        self.add_state("indices", default=[], dist_reduce_fx="cat")

    def update(self, features: Tensor, indices: Tensor) -> None:
        """Add features (n, d) of the samples `indices` (n,)."""
        self.features.append(features.to(self.device))
        self.indices.append(indices.to(self.device))

    def compute(self) -> Tensor:
        """(N, d), row i of sample i. Raises ValueError if a sample was never given."""
        features, indices = dim_zero_cat(self.features), dim_zero_cat(self.indices)
        row = torch.full((self.samples,), -1, dtype=torch.int64, device=features.device)
        row[indices] = torch.arange(len(indices), device=features.device)
        if (row < 0).any():
            raise ValueError(f"{int((row < 0).sum())} of {self.samples} samples have no features")
        return features[row]


def shard(samples: int, batch_size: int, rank: int, world: int) -> Tensor:
    """The samples of one rank in batches: sample i belongs to rank i mod world. int64 (batches, width).

    Convolutions may choose another algorithm for another batch size and then differ in the last bits, so
    every batch of every rank has the same width, the smaller of `batch_size` and `samples`; what is too
    many starts again at sample 0. Every rank has the same number of batches, so none waits in a collective
    call of the sampler.
    """
    width = min(batch_size, samples)
    batches = -(-samples // (world * width))
    positions = torch.arange(batches * width) * world + rank
    return (positions % samples).view(batches, width)


def of_samples(
    make: Callable[[Tensor], Tensor],
    samples: int,
    device: torch.device | str,
    batch_size: int,
    tick: Callable[[int], None] = lambda done: None,
) -> Tensor:
    """What `make` gives for samples 0..samples-1, in their order and in memory; the ranks share the work.

    Args:
        make: indices, int64 (n,), to rows (n, ...). Row i must be the same on every rank.
        device: of the ranks, which they talk through.
        tick: called after each batch with the number of samples that all ranks have done together.
    """
    rank, world = rank_and_world()
    gathered = FeatureMetric(samples).to(communication_device(torch.device(device)))
    for number, indices in enumerate(shard(samples, batch_size, rank, world), start=1):
        gathered.update(make(indices), indices)
        tick(min(number * len(indices) * world, samples))
    return gathered.compute().cpu()


def extract(
    images: Callable[[Tensor], Tensor],
    samples: int,
    extractor: Extractor,
    batch_size: int,
    tick: Callable[[int], None] = lambda done: None,
) -> tuple[Tensor, Tensor | None]:
    """Features of pictures 0..samples-1 and, from Inception, their logits; the ranks share the work.

    Args:
        images: indices, int64 (n,), to pictures, uint8 (n, C, H, W). Picture i must be the same on every
            rank.
        tick: called after each batch with the number of pictures that all ranks have done together.

    Returns float32 (samples, d) and (samples, classes) in memory, the same on every rank.
    """
    rank, world = rank_and_world()
    travel = communication_device(extractor.device)
    features, logits = FeatureMetric(samples).to(travel), FeatureMetric(samples).to(travel)
    has_logits = False
    for number, indices in enumerate(shard(samples, batch_size, rank, world), start=1):
        batch_features, batch_logits = extractor(images(indices))
        features.update(batch_features, indices)
        if batch_logits is not None:
            has_logits = True
            logits.update(batch_logits, indices)
        tick(min(number * len(indices) * world, samples))
    return features.compute().cpu(), logits.compute().cpu() if has_logits else None
