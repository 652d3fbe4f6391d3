"""A dual encoder that says which caption a picture was drawn for."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gansmith.errors import ConfigError
from gansmith.metrics.features import of_samples
from gansmith.metrics.retrieval import recall_at

POOL = 100
PLACES = (1, 5)


def load_judge(ckpt: str | os.PathLike[str], device: torch.device | str, key: str = "metrics.judge") -> Any:
    """The dual encoder in a run's folder or a checkpoint, which the config names at `key`.

    Raises:
        ConfigError: it is a model of another kind.
        CheckpointError: there is none, or it is broken.
    """
    # Late, as runs are made of what they are measured by.
    from gansmith.inference.checkpoints import find_checkpoint, load_trained
    from gansmith.models.dual_encoder import DualEncoding

    model = load_trained(find_checkpoint(Path(ckpt), key=key), torch.device(device)).model
    if not isinstance(model, DualEncoding):
        raise ConfigError(f"{key}={ckpt} holds model={model.name}; it takes a run of model=dual_encoder")
    return model


def check_pool(name: str, pictures: int) -> None:
    """Raises ConfigError if the data of the protocol `name` have fewer than a pool."""
    if pictures < POOL:
        raise ConfigError(f"metrics={name} looks for captions in pools of {POOL}, and there are {pictures} pictures")


def check_fits(judge: Any, key: str, channels: int, resolution: int) -> None:
    """Raises ConfigError, which names the config's `key`, unless the judge reads pictures of this form."""
    read = judge.encoder.image
    if (read.channels, read.resolution) != (channels, resolution):
        raise ConfigError(
            f"{key} reads pictures of {read.resolution} px and {read.channels} channels; the data have {resolution} "
            f"and {channels}: train one on these"
        )


def retrieval(
    judge: Any,
    sample: Callable[[Tensor], Tensor],
    captions: Sequence[str],
    device: torch.device,
    batch_size: int,
    tick: Callable[[int], None] = lambda done: None,
) -> dict[int, float]:
    """R@1 and R@5: shares of pictures whose caption is among the most similar of 100, by k.

    Collective: the ranks share the sampling, and every rank gets the numbers.

    Args:
        judge: `embed(pictures)` and `read(captions)` give vectors of length 1.
        sample: indices, int64 (n,), to pictures, uint8 (n, C, S, S), of which number i belongs to caption i.
        captions: at least 100; a rest that fills no pool of 100 is left out.
        device: that ranks talk through.
        batch_size: pictures that a rank makes at a time.
        tick: called with the number of pictures made so far.
    """
    count = len(captions) // POOL * POOL
    pictures = of_samples(
        lambda indices: judge.embed(sample(indices).to(judge.device)), count, device, batch_size, tick
    )
    texts = judge.read(list(captions[:count])).to(pictures)
    return {k: recall_at(pictures @ texts.T, k, POOL) for k in PLACES}
