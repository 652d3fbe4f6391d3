"""Measures what gansmith costs and gains, as ratios: python benchmarks/run.py [--quick] [--markdown].

Both sides of a ratio run one after the other, A B A B ...; the table shows medians over the repeats, in red
where a promise is not kept. Below one, what is measured is faster. A step is one batch of 64 pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import startup
import steps
import torch
import translation_steps
from rich.console import Console
from rich.table import Table
from steps import Effort
from timing import HEADINGS, Row

QUICK, FULL = Effort(repeats=3, small_steps=10, large_steps=5), Effort(repeats=5, small_steps=20, large_steps=5)

WIDTH = 120  # columns of a table that goes to a file


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two minutes instead of ten, one number of threads")
    parser.add_argument("--markdown", action="store_true", help="print a table for a document")
    parser.add_argument("--threads", type=int, nargs="+", help="numbers of threads (default: all cores, and 1)")
    return parser.parse_args()


def measure(options: argparse.Namespace) -> Iterator[Row]:
    effort = QUICK if options.quick else FULL
    device = "cuda" if torch.cuda.is_available() else "cpu"
    default = torch.get_num_threads()
    one_is_enough = options.quick or device == "cuda" or default == 1
    threads = options.threads or ([default] if one_is_enough else [default, 1])
    yield from startup.rows(effort.repeats)
    yield from steps.rows(effort, threads, device)
    yield from translation_steps.rows(effort.repeats, (64,) if options.quick else (64, 128), device)


def table(rows: list[Row]) -> Table:
    drawn = Table(*HEADINGS)
    for column in drawn.columns[2:]:
        column.justify = "right"
    for row in rows:
        drawn.add_row(*row.cells(), style=None if row.holds else "bold red")
    return drawn


def markdown(rows: list[Row]) -> str:
    lines = [HEADINGS, ["---"] * 2 + ["---:"] * (len(HEADINGS) - 2), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main() -> None:
    options = arguments()
    rows = []
    progress = Console(stderr=True)
    with progress.status("measuring"):
        for row in measure(options):
            rows.append(row)
            progress.print("  ".join(row.cells()), highlight=False, soft_wrap=True)
    if options.markdown:
        print(markdown(rows))
    else:
        console = Console()
        console.print(table(rows), width=None if console.is_terminal else WIDTH)


if __name__ == "__main__":
    main()
