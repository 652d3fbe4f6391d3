"""What a run leaves on the terminal: what it reached, and where its files are."""

import os
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from gansmith.results.record import Record, Scores


def show(record: Record, run_dir: str | Path, console: Console | None = None) -> None:
    """Prints a panel of the record, and below it the paths of its files, relative to the working directory.

    The paths stand outside the frame, each whole on a line of its own that is never wrapped or cut, so that
    they can be copied.
    """
    console = console or Console()
    console.print(Panel(summary(record), title=f"{record.model} on {record.data}", expand=False))
    for name, path in files(record, Path(run_dir)).items():
        console.print(f"{name:<10}  {path}", markup=False, highlight=False, soft_wrap=True)


def summary(record: Record) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("steps", f"{record.steps:,} ({record.images:,} images)")
    table.add_row("time", f"{timedelta(seconds=round(record.seconds))} on {record.device}")
    for name, scores in {"last": record.last, "best": record.best}.items():
        if scores is not None:
            table.add_row(name, score_lines(scores))
    if record.protocol.get("name"):
        table.add_row("protocol", str(record.protocol["name"]))
    return table


def score_lines(scores: Scores) -> str:
    """One metric a line, the step behind the first."""
    lines = [
        f"{name} {'not finite' if value is None else format(value, '.5g')}" for name, value in scores.metrics.items()
    ]
    lines[:1] = [f"{line} (step {scores.step:,})" for line in lines[:1]]
    return "\n".join(lines)


def files(record: Record, run_dir: Path) -> dict[str, str]:
    """Paths of the sample grid, the best checkpoint (the last if there is none) and the record, by name."""
    which = "best" if "best" in record.checkpoints else "last"
    inside = {"samples": record.samples, which: record.checkpoints.get(which), "record": "result.json"}
    return {name: from_here(run_dir / path) for name, path in inside.items() if path}


def from_here(path: Path) -> str:
    """The path relative to the working directory, absolute where it lies outside."""
    relative = os.path.relpath(path)
    return str(path.absolute()) if relative.startswith(os.pardir) else relative
