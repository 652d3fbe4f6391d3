"""The trials of a search as a table that grows; plain lines where nobody watches a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gansmith.search.objective import Objective

REFRESH_SECONDS = 1.0
STYLES = {"complete": "green", "running": "cyan", "pruned": "yellow", "diverged": "magenta", "failed": "red"}


class Board:
    """Shows the trials of the study, those of other workers too.

    Args:
        name: of the search.
        trials: how many there will be.
        objective: whose values they are.
    """

    def __init__(self, name: str, trials: int, objective: Objective, console: Console | None = None) -> None:
        self.name, self.wanted, self.objective = name, trials, objective
        self.console = console or Console()
        self._live: Live | None = None
        self._shown = 0.0

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Keeps the table on the terminal inside."""
        if not self.console.is_terminal:
            yield
            return
        # Redrawn by the search's own loop: a thread would write between its lines.
        with Live(console=self.console, auto_refresh=False) as self._live:
            try:
                yield
            finally:
                self._live = None

    def is_due(self) -> bool:
        return self._live is not None and time.monotonic() - self._shown >= REFRESH_SECONDS

    def update(self, trials: Sequence[FrozenTrial], best: FrozenTrial | None) -> None:
        self._shown = time.monotonic()
        if self._live is not None:
            self._live.update(self.table(trials, best, self.console.height), refresh=True)

    def say(self, trial: FrozenTrial) -> None:
        """One line on a trial that begins or has ended, where there is no table."""
        if self._live is None:
            what = (state_of(trial), value_of(trial), parameters_of(trial), reason_of(trial))
            line = "  ".join(part for part in (f"trial {trial.number:04d}", *what) if part)
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def table(self, trials: Sequence[FrozenTrial], best: FrozenTrial | None, rows: int | None = None) -> Table:
        """The best trial, and below it the newest ones first, so that a low terminal cuts the oldest."""
        finished = sum(trial.state.is_finished() for trial in trials)
        sought = f"{self.objective.metric} ({self.objective.direction}, {self.objective.which})"
        table = Table(title=f"{self.name}: {finished} of {self.wanted} trials, {sought}", title_justify="left")
        table.add_column("trial")
        table.add_column("state")
        table.add_column("parameters", ratio=1)
        table.add_column("value", justify="right")
        if best is not None:
            table.add_row(*cells(best), style="bold", end_section=True)
        for trial in list(reversed(trials))[:rows]:
            table.add_row(*cells(trial))
        return table


def cells(trial: FrozenTrial) -> tuple[str | Text, ...]:
    """One row of the table."""
    state = state_of(trial)
    reason = [reason_of(trial)] if reason_of(trial) else []
    details = Text("\n".join([parameters_of(trial), *reason]))
    return f"{trial.number:04d}", Text(state, STYLES.get(state, "")), details, value_of(trial)


def state_of(trial: FrozenTrial) -> str:
    """How the trial ended, or that it runs."""
    return str(trial.user_attrs.get("outcome", trial.state.name.lower()))


def reason_of(trial: FrozenTrial) -> str:
    return str(trial.user_attrs.get("reason", ""))


def value_of(trial: FrozenTrial) -> str:
    """Its value, or while it runs the newest one with its step."""
    if trial.state == TrialState.COMPLETE:
        return f"{trial.value:.5g}"
    if trial.state == TrialState.RUNNING and trial.last_step is not None:
        return f"{trial.intermediate_values[trial.last_step]:.5g} at {trial.last_step}"
    return ""


def parameters_of(trial: FrozenTrial) -> str:
    return " ".join(
        f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}" for name, value in trial.params.items()
    )
