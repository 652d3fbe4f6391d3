"""What runs now: a bar for the suite and one for each run on a terminal, plain lines elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from gansmith.suites.plan import Cell

LINE_BYTES = 8192  # more than a line of metrics.jsonl has


class Progress:
    """Of a suite; its bars are there inside a `with`.

    Args:
        cells: all of the suite.
        console: where it is shown; None is stderr.
    """

    def __init__(self, cells: Sequence[Cell], console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.total = len(cells)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
        )
        self._suite = self._bars.add_task("suite", total=self.total)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def say(self, line: str) -> None:
        """One line, above the bars."""
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def update(self, running: Sequence[Cell], waiting: int) -> None:
        """Shows the steps that the running cells have made, and how many are still to come."""
        for gone in self._tasks.keys() - {str(cell) for cell in running}:
            self._bars.remove_task(self._tasks.pop(gone))
        for cell in running:
            task = self._tasks.get(str(cell)) or self._bars.add_task(str(cell), total=cell.steps)
            self._tasks[str(cell)] = task
            self._bars.update(task, completed=newest(cell.job.run_dir).get("step", 0))
        self._bars.update(self._suite, completed=self.total - waiting - len(running))


def newest(run_dir: Path) -> dict[str, Any]:
    """The last whole line of the run's metrics.jsonl; empty before there is one."""
    with suppress(OSError, ValueError, IndexError), (run_dir / "metrics.jsonl").open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - LINE_BYTES))
        whole, _, _ = file.read().rpartition(b"\n")
        found: dict[str, Any] = json.loads(whole.splitlines()[-1])
        return found
    return {}
