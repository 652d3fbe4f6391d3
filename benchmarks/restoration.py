"""Trains a model for each task and prints what it, the simplest other way and the input itself score.

    python benchmarks/restoration.py [PROBLEM ...] [--jobs 2] [--out logs/restoration] [--markdown]

Every model is trained by src/train.py from nothing, with one thread each, on data that need no download, and
measured on held-out pictures by the protocol of its run. A problem that has been trained under `--out` is not trained
again; one that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from problems import PROBLEMS, Problem
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from scores import Row, rows

TRAIN = Path(__file__).resolve().parent.parent / "src" / "train.py"
WIDTH = 140  # columns of a table that goes to a file


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", nargs="*", metavar="PROBLEM", help=", ".join(PROBLEMS))
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time")
    parser.add_argument("--out", type=Path, default=Path("logs/restoration"), help="folder of the runs")
    parser.add_argument("--markdown", action="store_true", help="print a table for a document")
    options = parser.parse_args()
    if unknown := [name for name in options.problems if name not in PROBLEMS]:
        parser.error(f"there is no problem {unknown[0]}; there are {', '.join(PROBLEMS)}")
    return options


def train(problem: Problem, run_dir: Path) -> None:
    """Trains where no result is there yet; what the run says goes to `train.log` beside its folder.

    Raises:
        RuntimeError: the run failed.
    """
    if (run_dir / "result.json").exists():
        return
    begun = (run_dir / "checkpoints" / "last.ckpt").exists()
    run_dir.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(TRAIN), *problem.overrides, "logger=none", "trainer=cpu"]
    command.append(f"resume={run_dir}" if begun else f"run_dir={run_dir}")
    with run_dir.with_suffix(".log").open("a") as log:
        ended = subprocess.run(command, stdout=log, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if ended.returncode:
        raise RuntimeError(f"the training of {problem.name} ended with {ended.returncode}: see {log.name}")


def drawn(found: list[Row]) -> Table:
    table = Table(*Row.HEADINGS)
    for column in table.columns[2:]:
        column.justify = "right"
    for row in found:
        table.add_row(*row.cells(), end_section=row.is_last)
    return table


def markdown(found: list[Row]) -> str:
    lines = [Row.HEADINGS, ["---"] * 2 + ["---:"] * (len(Row.HEADINGS) - 2), *(row.cells() for row in found)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main() -> None:
    options = arguments()
    chosen = [PROBLEMS[name] for name in options.problems or PROBLEMS]
    folders = {problem.name: options.out / problem.name for problem in chosen}
    errors = Console(stderr=True)
    with Progress(console=errors, transient=True) as progress, ThreadPoolExecutor(options.jobs) as pool:
        training = progress.add_task("training", total=len(chosen))
        for _ in pool.map(lambda problem: train(problem, folders[problem.name]), chosen):
            progress.advance(training)
        measuring = progress.add_task("measuring", total=len(chosen))
        found: list[Row] = []
        for problem in chosen:
            found += rows(problem, folders[problem.name])
            progress.advance(measuring)
    if options.markdown:
        print(markdown(found))
    else:
        console = Console()
        console.print(drawn(found), width=None if console.is_terminal else WIDTH)


if __name__ == "__main__":
    main()
