"""The same command several times, as torchrun starts it: each takes its part of the files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch.distributed as dist

from gansmith.training.distributed import rank, world_size
from gansmith.translate.files import Job

LONG = timedelta(days=365)


@contextmanager
def together() -> Iterator[None]:
    """Knows the other processes, inside; without torchrun there are none.

    torchrun ends all where one fails, so that none may fail before the others are through.
    """
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield
        return
    dist.init_process_group("gloo", timeout=LONG)
    try:
        yield
    finally:
        dist.destroy_process_group()


def own_share(jobs: list[Job]) -> list[Job]:
    """The part of this process, whatever is done already."""
    return jobs[rank() :: world_size()]
