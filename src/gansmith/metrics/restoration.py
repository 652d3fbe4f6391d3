"""Any way to restore pictures, a network or a formula, measured by one protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gansmith.data.examples import Examples
from gansmith.data.held_out import HeldOutPairs
from gansmith.data.tasks.task import Task
from gansmith.errors import DataError
from gansmith.metrics.arithmetic import float32_arithmetic
from gansmith.metrics.base import Progress
from gansmith.metrics.collective import communication_device, from_rank_zero, rank_and_world
from gansmith.metrics.evaluate import ready_extractor
from gansmith.metrics.features import FeatureMetric
from gansmith.metrics.pair_scores import pair_scores, without_border
from gansmith.metrics.random_state import random_state_kept
from gansmith.metrics.reference import reference_tensors, subset
from gansmith.metrics.scores import distances
from gansmith.ranges import to_uint8

if TYPE_CHECKING:
    from gansmith.metrics.paired import PairedProtocol

Restore = Callable[[Tensor], Tensor]
"""Sources (n, c, h, w) to pictures (n, 1 or 3, H, W), both floats in [-1, 1]; row i depends on row i alone."""

PIXELS = 256 * 256
"""In one batch: smaller pictures of one size go together, larger ones by themselves."""


def measure_restoration(
    restore: Restore,
    examples: Examples,
    task: Task,
    protocol: PairedProtocol,
    *,
    device: str | torch.device = "cpu",
    progress: Progress | None = None,
) -> dict[str, float]:
    """The protocol's numbers of `restore`, comparable with those of a model on the same examples and task.

    Collective, as `BaseProtocol.measure`: the same result on every rank, for any number of ranks.

    Args:
        restore: such as `task.baseline`, or a classical method.
        examples: whole pictures, such as `data.examples(protocol.split)`.
        task: derives the pairs.
        device: where `restore` gets its sources.
        progress: called with (pictures done, pictures in all).

    Raises:
        ConfigError: `crop_border` leaves nothing of a picture.
        DataError: fewer or smaller pictures than the metrics need.
    """
    return measure_pairs(restore, HeldOutPairs(examples, task, protocol.seed), protocol, device, progress)


def measure_pairs(
    restore: Restore,
    pairs: HeldOutPairs,
    protocol: PairedProtocol,
    device: str | torch.device,
    progress: Progress | None = None,
) -> dict[str, float]:
    """`measure_restoration` on pairs in either direction."""
    device = torch.device(device)
    chosen = selection(pairs, protocol).tolist()
    rank, world = rank_and_world()
    # A rank always has one: with fewer pictures than ranks, one that another has too.
    mine = list(range(len(chosen)))[rank::world] or [rank % len(chosen)]
    done = 0
    with random_state_kept(device), torch.inference_mode():
        scores = Scores(protocol, len(chosen), protocol.border(pairs), device)
        for batch in batches(pairs, {place: chosen[place] for place in mine}, min(protocol.batch_size, len(chosen))):
            scores.add(to_uint8(restore(batch.source.to(device))), batch.truth.to(device), batch.places)
            done += len(set(batch.places.tolist()))
            if progress is not None:
                progress(min(done * world, len(chosen)), len(chosen))
        return scores.result()


def selection(pairs: HeldOutPairs, protocol: PairedProtocol) -> Tensor:
    """The numbers of the examples that are measured, int64.

    Raises:
        DataError: they are too few for the metrics.
    """
    chosen = subset(len(pairs), protocol.samples, protocol.seed)
    if protocol.set_metrics and len(chosen) < 2:
        raise DataError(
            f"data: the {protocol.split} split has {len(pairs)} pictures; "
            f"metrics={protocol.name} with {', '.join(protocol.set_metrics)} needs at least 2"
        )
    return chosen


@dataclass(frozen=True)
class Batch:
    """Pairs of one size; `places` int64 (n,), `source` floats (n, c, h, w), `truth` uint8 (n, 1 or 3, H, W)."""

    places: Tensor
    source: Tensor
    truth: Tensor


def batches(pairs: HeldOutPairs, chosen: dict[int, int], batch_size: int) -> Iterator[Batch]:
    """The pairs in batches, as many at a time as their size alone says; what lacks is filled up by repeating.

    A network may differ in the last bits between batches of different widths, so the width of a picture's
    batch must not depend on how many pictures of its size a rank has.

    Args:
        pairs: of any sizes.
        chosen: the example's number by its place in the result.
        batch_size: the most in a batch.
    """
    waiting: dict[tuple[torch.Size, torch.Size], list[Batch]] = {}
    for place, index in chosen.items():
        source, target = pairs[index]
        truth = to_uint8(pairs.render(source, target))
        width = max(1, min(batch_size, PIXELS // truth[0, 0].numel()))
        group = waiting.setdefault((source.shape, truth.shape), [])
        group.append(Batch(torch.tensor([place]), source, truth))
        if len(group) == width:
            yield joined(group, width)
            group.clear()
    for (_, shape), group in waiting.items():
        if group:
            yield joined(group, max(1, min(batch_size, PIXELS // shape[-2:].numel())))


def joined(group: list[Batch], width: int) -> Batch:
    filled = (group * width)[:width]
    return Batch(*(torch.cat([getattr(batch, key) for batch in filled]) for key in ("places", "source", "truth")))


class Scores:
    """Scores and features of pairs, gathered from all ranks in the order of their places.

    Args:
        protocol: which.
        pictures: in all, on all ranks.
        border: pixels cut from each edge.
        device: of the feature networks.
    """

    def __init__(self, protocol: PairedProtocol, pictures: int, border: int, device: torch.device) -> None:
        self.protocol, self.border, self.device = protocol, border, device
        self.by_network = protocol.network_scores(device)
        self.extractor = ready_extractor(protocol, device) if protocol.set_metrics else None
        travel = communication_device(device)
        self.scores, self.fake, self.real = (FeatureMetric(pictures).to(travel) for _ in range(3))

    def add(self, output: Tensor, truth: Tensor, places: Tensor) -> None:
        """Measure uint8 (n, 1 or 3, H, W), twice; places may come again."""
        output, truth = without_border(output, self.border), without_border(truth, self.border)
        if self.protocol.pair_metrics:
            with float32_arithmetic(self.device):
                scores = pair_scores(output, truth, self.protocol.pair_metrics, self.by_network)
            self.scores.update(scores, places)
        if self.extractor is not None:
            self.fake.update(self.extractor(output)[0], places)
            self.real.update(self.extractor(truth)[0], places)

    def result(self) -> dict[str, float]:
        """The means of the scores, and the distances between the two sets, by name."""
        protocol, found = self.protocol, {}
        if protocol.pair_metrics:
            means = self.scores.compute().cpu().mean(0).tolist()
            found = {protocol.result_name(name): mean for name, mean in zip(protocol.pair_metrics, means)}
        if (extractor := self.extractor) is not None:
            fake, real = self.fake.compute().cpu(), self.real.compute().cpu()
            found |= from_rank_zero(lambda: distances(protocol, extractor, fake, reference_tensors(real)), self.device)
        return found
