"""What the commands share: one-line errors, and the config of the job that really runs."""

from __future__ import annotations

import errno
import functools
import os
import string
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import CompactHydraException
from omegaconf import DictConfig, open_dict, read_write

from gansmith.config import merged, register_resolvers, run_of, saved_overrides
from gansmith.errors import CheckpointError, GansmithError
from gansmith.jobs import SCRIPT, quoted
from gansmith.ranks import is_first_process
from gansmith.run_lock import running

# A disk that takes no more: full, over quota or over a limit, read-only.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
LAUNCHED = ("LOCAL_RANK", "NODE_RANK", "MASTER_ADDR", "MASTER_PORT", "WORLD_SIZE")

# Hydra copies its store of structured configs, deeply, at each look into a config group: a hundred times
# for --help, half of its time. What is loaded from the store is a copy anyway.
ConfigStore.__deepcopy__ = lambda store, memo: store  # type: ignore[attr-defined]

PARSE = OverridesParser.parse_overrides
# In Hydra's grammar these quote, or make lists, mappings, calls and interpolations.
GRAMMAR = frozenset("'\"[](){}")
# What else it reads without quotes, where it makes names, numbers, paths, sweeps and ranges of it.
PLAIN = frozenset(string.ascii_letters + string.digits + "_-/.\\+$%*@?|:, \t")
# Keys whose values people read: a comma in them is no sweep, and an apostrophe no quote.
PROSE = ("prompt", "negative", "caption")


def parse_overrides(parser: OverridesParser, overrides: Sequence[str]) -> list[Override]:
    """As Hydra does, and also values with an `=` in them, such as the folders of suites and grids."""
    parsed = PARSE(parser, [readable(override) for override in overrides])
    for override, typed in zip(parsed, overrides, strict=True):
        override.input_line = typed
    return parsed


def readable(override: str) -> str:
    """`resume=logs/seed=0`, `data.root=~/pictures` and `prompt=a red circle, a blue one` with their values in quotes.

    Hydra finds a mistake in the first two and two jobs in the last. Values that are quoted already stay.
    """
    key, equals, value = override.partition("=")
    if key in PROSE:
        is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        return override if is_quoted or value == "null" else f"{key}={quoted(value)}"
    needs_quotes = bool(equals) and not PLAIN.issuperset(value) and GRAMMAR.isdisjoint(value)
    return f"{key}={quoted(value)}" if needs_quotes else override


OverridesParser.parse_overrides = parse_overrides  # type: ignore[method-assign, assignment]

# Here, where a launcher's process comes by with a pickled job and without having run the script.
register_resolvers()


class JobFailed(CompactHydraException):
    """What went wrong in one job of a sweep, already said; Hydra runs the others, and then says whose it was."""


def in_one_line(command: Callable[..., Any]) -> Callable[..., Any]:
    """Ends the process with one line on stderr where the user can do something about it, or has ended it.

    The exit code is 1, and 130 after a Ctrl-C.
    """

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
        except KeyboardInterrupt as interrupt:
            if is_first_process():
                print("gansmith: interrupted", *interrupt.args, sep="; ", file=sys.stderr)
            # The first process speaks for all; Lightning kills it where another has a code of its own.
            sys.exit(130 if is_first_process() else 0)

    return wrapped


@contextmanager
def job_config(config: DictConfig) -> Iterator[tuple[DictConfig, list[str]]]:
    """The config to run and the overrides that made it.

    - With `resume`, the overrides of the run that goes on come first, the command line's after them.
    - The run's folder is `config.run_dir`, in a sweep the job's own, in a rank that Lightning started that of
      the first process, which holds it against other runs.
    - In a sweep, ranks that Lightning starts get this job's overrides and no sweep of their own.

    Raises:
        CheckpointError: another process trains in the run's folder.
        JobFailed: a job of a sweep has failed, the others go on.
        KeyboardInterrupt: with how the run goes on, if it has a checkpoint.
    """
    from hydra import compose
    from hydra.core.hydra_config import HydraConfig

    hydra_config: Any = HydraConfig.get()
    overrides = list(hydra_config.overrides.task)
    is_sweep = hydra_config.mode is not None and hydra_config.mode.name == "MULTIRUN"
    is_given = is_sweep or hydra_config.run.dir != "."
    run_dir = Path(hydra_config.runtime.output_dir if is_given else config.run_dir).absolute()
    with ExitStack() as stack:
        if is_sweep:
            stack.enter_context(_one_of_several())
        if is_first_process():
            is_named = any(item.partition("=")[0].lstrip("+") == "run_dir" for item in overrides)
            run_dir = _take_folder(stack, run_dir, not (is_given or is_named or config.resume))
        source = run_dir if config.resume == "auto" else run_of(config.resume)
        if source is not None and (earlier := saved_overrides(source)):
            overrides = merged(earlier, overrides)
            config = compose(hydra_config.job.config_name, overrides=overrides)
        with open_dict(config):
            config.run_dir = os.path.relpath(run_dir) if run_dir.is_relative_to(Path.cwd()) else str(run_dir)
        # Ranks get this folder, and would look for their own with `resume=auto`.
        with read_write(hydra_config), open_dict(hydra_config):
            hydra_config.run.dir = str(run_dir)
        if is_sweep:
            _command_of_ranks(overrides)
        try:
            yield config, overrides
        except KeyboardInterrupt:
            goes_on = (run_dir / "checkpoints" / "last.ckpt").exists()
            raise KeyboardInterrupt(*[f"resume={config.run_dir} goes on"] * goes_on) from None


def _take_folder(stack: ExitStack, run_dir: Path, may_rename: bool) -> Path:
    """Holds the folder, or one beside it where a run that began in the same second has it."""
    candidate = run_dir
    for number in count(2):
        try:
            stack.enter_context(running(candidate))
            break
        except CheckpointError:
            if not may_rename:
                raise
            candidate = run_dir.with_name(f"{run_dir.name}_{number}")
    return candidate


@contextmanager
def _one_of_several() -> Iterator[None]:
    main = sys.modules["__main__"]
    argv, spec = sys.argv, main.__spec__
    try:
        yield
    except GansmithError as error:
        # Lightning ends this process with its ranks, and they would wait for it.
        if _has_ranks():
            raise
        print(f"gansmith: {error}", file=sys.stderr)
        raise JobFailed(str(error)) from None
    finally:
        sys.argv, main.__spec__ = argv, spec
        _forget_processes()


def _command_of_ranks(overrides: list[str]) -> None:
    """Lightning starts ranks with the command that started this process, which may be a launcher's or the sweep's."""
    sys.modules["__main__"].__spec__ = None
    sys.argv = [str(SCRIPT), *overrides, "hydra.mode=RUN"]


def _has_ranks() -> bool:
    import torch.distributed as dist

    return dist.is_available() and dist.is_initialized()


def _forget_processes() -> None:
    """Takes back what starting ranks left behind, or the next job would think that it is one of them."""
    import torch.distributed as dist

    if _has_ranks():
        dist.destroy_process_group()
    for key in LAUNCHED:
        os.environ.pop(key, None)
