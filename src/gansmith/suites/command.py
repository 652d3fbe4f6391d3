"""What src/benchmark.py does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from gansmith.atomic import replacing
from gansmith.config import to_plain
from gansmith.errors import ConfigError
from gansmith.jobs import LOG, devices
from gansmith.suites.plan import Suite
from gansmith.suites.progress import Progress
from gansmith.suites.schedule import Failure, Schedule

PAGE = "leaderboard.html"


def benchmark(config: DictConfig) -> int:
    """Runs the cells of the suite that have no record yet, and ranks all that have one.

    Args:
        config: composed from conf/benchmark.yaml.

    Returns:
        0, or 1 where a cell has failed.

    Raises:
        ConfigError: a key that does not work, or a folder with another run in it.
        KeyboardInterrupt: the runs have saved and stopped.
    """
    plain = to_plain(config)
    if plain["jobs"] is not None and (not isinstance(plain["jobs"], int) or plain["jobs"] < 1):
        raise ConfigError(f"jobs={plain['jobs']}: it counts runs at a time, from 1")
    out = Path(plain["out"])
    cells = suite_of(plain["suite"]).cells(out)
    try:
        with Progress(cells) as progress:
            failures = Schedule(cells, devices(plain["jobs"]), progress).run()
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the same command goes on") from None
    show_leaderboard(out)
    report(failures, len(cells))
    return int(bool(failures))


def suite_of(node: dict[str, Any]) -> Suite:
    """Raises ConfigError where a key is missing or unknown."""
    try:
        return Suite(**node)
    except TypeError as error:
        raise ConfigError(
            f"suite: {str(error).partition('() ')[2]}; a suite has {', '.join(Suite.__annotations__)}"
        ) from error


def show_leaderboard(out: Path) -> None:
    """Tables on the terminal, and the same with pictures and curves as `leaderboard.html` in `out`."""
    from gansmith.results.leaderboard import boards, collect
    from gansmith.results.page import render
    from gansmith.results.published import read_published
    from gansmith.results.report import show

    runs, problems = collect([out])
    published, of_recipes = read_published()
    if not runs:
        return
    ranked = boards(runs, published=published)
    show(ranked)
    with replacing(out / PAGE) as path:
        path.write_text(render(ranked, runs, published, [*problems, *of_recipes]), encoding="utf-8")
    print(f"the same with pictures and curves: {out / PAGE}")


def report(failures: Sequence[Failure], total: int) -> None:
    """A line for each failed cell, with the file that has the whole story."""
    if failures:
        print(f"gansmith: {len(failures)} of {total} runs failed; the same command tries them again", file=sys.stderr)
    for failure in failures:
        print(f"  {failure.cell}: {failure.reason} ({failure.cell.job.run_dir / LOG})", file=sys.stderr)
