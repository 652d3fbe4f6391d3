"""One process at a time trains in a run's folder."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from gansmith.errors import CheckpointError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NAME = ".lock"
# `is_running` holds the lock for as long as it takes to see that nobody else does.
TRIES, PAUSE = 5, 0.02

_held: set[IO[str]] = set()


@contextlib.contextmanager
def running(run_dir: Path) -> Iterator[None]:
    """Makes `run_dir` this process's own; a folder that was made for nothing is removed again.

    The lock ends with the process, however it ends.

    Raises:
        CheckpointError: another process trains there.
    """
    made = [folder for folder in (run_dir, *run_dir.parents) if not folder.exists()]
    run_dir.mkdir(parents=True, exist_ok=True)
    lock = run_dir / NAME
    file = _take(lock)
    for _ in range(TRIES):
        if file is not None:
            break
        time.sleep(PAUSE)
        file = _take(lock)
    if file is None:
        raise CheckpointError(f"{run_dir}: another process trains this run; end it first, or take another run_dir")
    _held.add(file)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if os.listdir(run_dir) == [NAME]:
                lock.unlink()
                for folder in made:
                    folder.rmdir()
        _held.discard(file)
        file.close()


def is_running(run_dir: Path) -> bool:
    """Whether some process trains in `run_dir`."""
    lock = run_dir / NAME
    if not lock.exists():
        return False
    file = _take(lock)
    if file is not None:
        file.close()
    return file is None


def _take(lock: Path) -> IO[str] | None:
    """The open file with the lock on it, or None if another has it."""
    file = open(lock, "a")  # noqa: SIM115
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError:
        pass  # file systems without locks
    return file


def _let_go() -> None:
    """A forked worker of the data loader may outlive a killed run by seconds, and would keep it locked."""
    for file in _held:
        file.close()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
