"""Which of a run's processes this is, and what it says where another does not answer; without torch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from gansmith.errors import RankError

# What torchrun, Lightning and SLURM count processes with.
NUMBERS = ("RANK", "NODE_RANK", "LOCAL_RANK", "SLURM_PROCID")


def is_first_process() -> bool:
    """Whether this process, and none of its siblings, prepares the run's folder and speaks for all."""
    return all(os.environ.get(name, "0") == "0" for name in NUMBERS)


@contextmanager
def answers() -> Iterator[None]:
    """Around each collective: says in one line what the backend says in many, each in its own words.

    Raises:
        RankError: another process did not answer.
    """
    try:
        yield
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        raise RankError(f"another process has ended; the last good checkpoint is in place ({reason})") from error
