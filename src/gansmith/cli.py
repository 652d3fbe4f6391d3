"""What the commands share: one-line errors, and the config of the job that really runs."""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, open_dict, read_write

from gansmith.config import merged, saved_overrides
from gansmith.errors import GansmithError

# A disk that takes no more: full, over quota or over a limit, read-only.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
LAUNCHED = ("LOCAL_RANK", "NODE_RANK", "MASTER_ADDR", "MASTER_PORT", "WORLD_SIZE")

# Hydra copies its store of structured configs, deeply, at each look into a config group: a hundred times
# for --help, half of its time. What is loaded from the store is a copy anyway.
ConfigStore.__deepcopy__ = lambda store, memo: store  # type: ignore[attr-defined]


def in_one_line(command: Callable[..., Any]) -> Callable[..., Any]:
    """Ends the process with one line on stderr and exit code 1 where the user can do something about it."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **keywords: Any) -> Any:
        try:
            return command(*arguments, **keywords)
        except (GansmithError, OSError) as error:
            if isinstance(error, OSError) and error.errno not in FULL:
                raise
            print(f"gansmith: {error}", file=sys.stderr)
            # Not sys.exit: other ranks and loader workers may wait in a collective that never comes.
            sys.stderr.flush()
            os._exit(1)

    return wrapped


@contextmanager
def job_config(config: DictConfig) -> Iterator[tuple[DictConfig, list[str]]]:
    """The config to run and the overrides that made it.

    - With `resume`, the overrides of the run that goes on come first, the command line's after them.
    - The run's folder is the one Hydra made: in a sweep the job's own, in a rank that Lightning started
      that of the first process.
    - In a sweep, ranks that Lightning starts get this job's overrides and no sweep of their own.
    """
    from hydra import compose
    from hydra.core.hydra_config import HydraConfig

    hydra_config: Any = HydraConfig.get()
    overrides = list(hydra_config.overrides.task)
    run_dir = Path(hydra_config.runtime.output_dir)
    if config.resume is not None and (earlier := saved_overrides(run_dir)):
        overrides = merged(earlier, overrides)
        config = compose(hydra_config.job.config_name, overrides=overrides)
    with open_dict(config):
        config.run_dir = os.path.relpath(run_dir) if run_dir.is_relative_to(Path.cwd()) else str(run_dir)
    # Ranks get this folder, and would look for their own with `resume=auto`.
    with read_write(hydra_config), open_dict(hydra_config):
        hydra_config.run.dir = hydra_config.runtime.output_dir
    if hydra_config.mode is None or hydra_config.mode.name != "MULTIRUN":
        yield config, overrides
        return
    with _single_job(overrides):
        yield config, overrides


@contextmanager
def _single_job(overrides: list[str]) -> Iterator[None]:
    argv = sys.argv
    sys.argv = [argv[0], *overrides, "hydra.mode=RUN"]
    try:
        yield
    finally:
        sys.argv = argv
        _forget_processes()


def _forget_processes() -> None:
    """Takes back what starting ranks left behind, or the next job would think that it is one of them."""
    import torch.distributed as dist

    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
    for key in LAUNCHED:
        os.environ.pop(key, None)
