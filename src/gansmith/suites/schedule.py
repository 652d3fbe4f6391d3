"""Cells of a suite, several at a time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from gansmith.jobs import POLL_SECONDS, Process, stop
from gansmith.run_lock import is_running
from gansmith.suites.plan import Cell
from gansmith.suites.progress import Progress


@dataclass(frozen=True)
class Failure:
    """A cell without a record, and the line that says why."""

    cell: Cell
    reason: str


class Schedule:
    """Runs those cells that have no record yet, each to its end; that one fails is no reason to stop.

    A cell that another process trains in is waited for, so that several commands can share a suite.

    Args:
        cells: in their order.
        devices: one for each run at a time, as `jobs.Process` takes them.
        progress: shows what runs.
    """

    def __init__(self, cells: Sequence[Cell], devices: Sequence[str | None], progress: Progress) -> None:
        self.waiting, self.devices, self.progress = deque(cells), list(devices), progress
        self.running: list[tuple[Cell, Process]] = []
        self.failures: list[Failure] = []

    def run(self) -> list[Failure]:
        """What failed.

        Raises:
            KeyboardInterrupt, SystemExit: the runs have saved and stopped, and go on when the suite does.
        """
        try:
            while self.waiting or self.running:
                self._start()
                self.progress.update([cell for cell, _ in self.running], len(self.waiting))
                time.sleep(POLL_SECONDS)
                self._collect()
        finally:
            stop([process for _, process in self.running])
        return self.failures

    def _start(self) -> None:
        """Gives free devices to the next cells that nobody trains in."""
        for cell in list(self.waiting):
            if cell.job.is_finished:
                self.waiting.remove(cell)
                self.progress.say(f"{cell}  has its record")
            elif self.devices and not is_running(cell.job.run_dir):
                self.waiting.remove(cell)
                self.progress.say(f"{cell}  begins")
                self.running.append((cell, Process(cell.job, self.devices.pop(0))))

    def _collect(self) -> None:
        """Takes devices back from the processes that have ended."""
        for cell, process in list(self.running):
            if (code := process.poll()) is None:
                continue
            self.running.remove((cell, process))
            self.devices.append(process.device)
            if code == 0:
                self.progress.say(f"{cell}  is done")
            elif is_running(cell.job.run_dir):  # another command was faster
                self.waiting.append(cell)
            else:
                self.failures.append(Failure(cell, why(cell, code)))
                self.progress.say(f"{cell}  failed: {self.failures[-1].reason}")


def why(cell: Cell, code: int) -> str:
    """What a run that ended with `code` has to say, as far as it could."""
    if code < 0:
        return f"killed by signal {-code}"
    return cell.job.last_line().removeprefix("gansmith: ") or f"exit code {code}"
