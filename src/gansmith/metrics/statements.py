"""How much of what captions say is right of the pictures that were drawn for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gansmith.data.captioned.scenes.oracle import KINDS, Counts, find, judge
from gansmith.data.captioned.scenes.statements import Statements
from gansmith.metrics.features import of_samples


def statement_accuracies(
    sample: Callable[[Tensor], Tensor],
    said: Sequence[Statements],
    device: torch.device,
    batch_size: int,
    tick: Callable[[int], None] = lambda done: None,
) -> dict[str, float]:
    """Shares in [0, 1] of the statements that are right, by kind (see `gansmith.data.captioned.scenes.oracle`).

    Collective: the ranks share the sampling, and every rank gets the numbers.

    Args:
        sample: indices, int64 (n,), to the pictures, uint8 (n, 3, H, W), that were drawn for the captions.
        said: what each caption states.
        device: that ranks talk through.
        batch_size: pictures that a rank makes at a time.
        tick: called with the number of pictures made so far.
    """

    def judged(indices: Tensor) -> Tensor:
        things = find(sample(indices))
        return torch.stack([_row(judge(found, said[index])) for found, index in zip(things, indices.tolist())])

    total = of_samples(judged, len(said), device, batch_size, tick).sum(0).unflatten(0, (2, -1))
    return {kind: (right / count).item() for kind, count, right in zip(KINDS, *total) if count}


def _row(counts: Counts) -> Tensor:
    """int64 (2 * kinds,): how many there were, and how many were right."""
    return torch.tensor([tally[kind] for tally in (counts.said, counts.right) for kind in KINDS])
