"""Trials until there are enough of them, several at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence

from gansmith.jobs import POLL_SECONDS, Job, stop
from gansmith.search import best
from gansmith.search.objective import Objective
from gansmith.search.study import SharedStudy
from gansmith.search.table import Board
from gansmith.search.trials import Attempt, Outcome


class Search:
    """Takes trials from a study, several at a time, and runs them.

    Args:
        study: shared with other processes.
        overrides: of the command line, for each training.
        objective: what trials are judged by.
        max_steps: of each training.
        devices: one for each trial at a time, as `jobs.Process` takes them.
        trials: how many the study shall have in the end, however they end.
        board: shows them.
    """

    def __init__(
        self,
        study: SharedStudy,
        overrides: Sequence[str],
        objective: Objective,
        max_steps: int,
        devices: Sequence[str | None],
        trials: int,
        board: Board,
    ) -> None:
        self.study, self.overrides, self.objective = study, list(overrides), objective
        self.max_steps, self.trials, self.board = max_steps, trials, board
        self.hands: list[Attempt | None] = [None for _ in devices]
        self.devices = list(devices)

    def run(self) -> None:
        """Returns when all trials are finished or in the hands of other workers.

        Raises:
            KeyboardInterrupt, SystemExit: the trainings have saved, and go on when the search does.
        """
        try:
            with self.board.shown():
                while self._take() or any(self.hands):
                    self._look()
                    if self.board.is_due():
                        self.board.update(self.study.trials(), self.study.best())
                    time.sleep(POLL_SECONDS)
                self.board.update(self.study.trials(), self.study.best())
        finally:
            attempts = [attempt for attempt in self.hands if attempt is not None]
            stop([attempt.process for attempt in attempts if attempt.process is not None])
            for attempt in attempts:
                self.study.let_go(attempt.held)

    def _take(self) -> bool:
        """Fills empty hands; whether one of them got a trial."""
        took = False
        for hand, device in enumerate(self.devices):
            if self.hands[hand] is None and (held := self.study.claim(self.trials)) is not None:
                job = Job([*self.overrides, *held.overrides], self.study.run_dir(held.trial.number))
                self.hands[hand] = Attempt(held, job, self.objective, self.max_steps, device)
                self.board.say(self.study.trials()[held.trial.number])
                took = True
        return took

    def _look(self) -> None:
        for hand, attempt in enumerate(self.hands):
            if attempt is not None and (outcome := attempt.poll()) is not None:
                self._end(attempt, outcome)
                self.hands[hand] = None

    def _end(self, attempt: Attempt, outcome: Outcome) -> None:
        number = attempt.held.trial.number
        self.study.tell(attempt.held, outcome.state, outcome.kind, outcome.value, outcome.reason)
        self.board.say(self.study.trials()[number])
        found = self.study.best()
        if found is not None and found.number == number:
            self.write_best()

    def write_best(self) -> list[str] | None:
        """Writes the best trial's files; its overrides, or None as long as no trial is complete."""
        trial = self.study.best()
        if trial is None:
            return None
        overrides = [*self.overrides, *trial.user_attrs["overrides"]]
        best.write(self.study.folder, trial, self.study.run_dir(trial.number), overrides, self.objective)
        return overrides
