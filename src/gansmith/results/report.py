"""What src/leaderboard.py prints or writes."""

from __future__ import annotations

import math
import sys
from argparse import Namespace
from collections.abc import Sequence

from gansmith.atomic import replacing
from gansmith.errors import ConfigError, GansmithError
from gansmith.results.compare import Comparison, Side, compare, needed_sentence, runs_of, sentence
from gansmith.results.filters import values_there
from gansmith.results.formats import FORMATS, table
from gansmith.results.leaderboard import Board, boards, collect
from gansmith.results.published import read_published


def report_ranking(options: Namespace) -> None:
    """Boards of the runs in `options.logs`; files that are no records are named on stderr.

    Raises:
        GansmithError: there is no record, none meets the filters, or an option names a field that no run has.
    """
    runs, problems = collect(options.logs)
    published, of_recipes = read_published()
    problems += of_recipes
    for problem in problems:
        print(f"gansmith: {problem}", file=sys.stderr)
    if not runs:
        raise GansmithError(f"{', '.join(map(str, options.logs))}: there are no records of runs (result.json)")
    ranked = boards(
        runs,
        which=options.which,
        sort=options.sort,
        filters=options.filter,
        group=options.group,
        published=published,
    )
    if not ranked:
        there = values_there(runs, options.filter, options.which)
        raise GansmithError(f"--filter {' '.join(options.filter)}: none of {len(runs)} runs meets it; {there}")
    if options.format == "table" and options.out is None:
        show(ranked)
        return
    if options.format == "html":
        from gansmith.results.page import render

        text = render(ranked, runs, published, problems)
    else:
        text = FORMATS[options.format](ranked)
    if options.out is None:
        print(text, end="")
        return
    with replacing(options.out) as path:
        path.write_text(text, encoding="utf-8")


def show(ranked: Sequence[Board]) -> None:
    """Tables as wide as the terminal, or as they need where the output goes to a file."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        print(FORMATS["table"](ranked), end="")
        return
    for board in ranked:
        console.print(table(board))


def report_comparison(options: Namespace) -> None:
    """A against B. Raises GansmithError where there is nothing to compare, or a difference is none."""
    if options.difference is not None and not 0 < options.difference < math.inf:
        raise ConfigError(f"--difference={options.difference:g}: it is a size, above 0")
    a, b = (runs_of(what, options.logs) for what in (options.a, options.b))
    for comparison in compare(a, b, (options.a, options.b), options.metric, options.which):
        print("\n".join(lines(comparison, options.difference)))


def lines(comparison: Comparison, difference: float | None) -> list[str]:
    """The values, what can be said, and what it would take to say more."""
    better = "larger" if comparison.direction == "max" else "smaller"
    head = f"{comparison.data}, protocol {comparison.protocol_name}, {comparison.metric} ({better} is better)"
    needed = needed_sentence(comparison, difference)
    sides = [values_line(side, len(comparison.a.name), len(comparison.b.name)) for side in (comparison.a, comparison.b)]
    return [head, *sides, sentence(comparison), *([needed] if needed else []), ""]


def values_line(side: Side, *widths: int) -> str:
    values = ", ".join(f"{value:.5g} (seed {seed})" for seed, value in sorted(side.values.items()))
    failed = len(side.runs) - len(side.values)
    return f"  {side.name:<{max(widths)}}  {values}" + (f"; {failed} of {len(side.runs)} not finite" if failed else "")
