"""One trial: its training in a process of its own, watched from the first step to how it ended."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from typing import Literal

from optuna.trial import TrialState

from gansmith.errors import GansmithError
from gansmith.jobs import Job, Process
from gansmith.run_lock import is_running
from gansmith.search.objective import Objective
from gansmith.search.pruning import Prospects
from gansmith.search.study import Held

# A signal that ends all processes of a terminal or of a job reaches this one a moment later, perhaps.
SIGNAL_SECONDS = 1.0
STOPPED = (128 + signal.SIGINT, 128 + signal.SIGTERM)


@dataclass(frozen=True)
class Outcome:
    """How a trial ended; `reason` is empty for one that is complete."""

    kind: Literal["complete", "pruned", "diverged", "failed"]
    value: float | None = None
    reason: str = ""

    @property
    def state(self) -> TrialState:
        """Optuna's. A diverged trial counts as pruned: from one that failed its samplers would learn nothing."""
        return {"complete": TrialState.COMPLETE, "failed": TrialState.FAIL}.get(self.kind, TrialState.PRUNED)


class Attempt:
    """A trial that this worker has taken.

    Args:
        held: the trial.
        job: its training.
        objective: what it is judged by.
        max_steps: of the training.
        device: what CUDA_VISIBLE_DEVICES is for it; None is the CPU.
    """

    def __init__(self, held: Held, job: Job, objective: Objective, max_steps: int, device: str | None) -> None:
        self.held, self.job, self.objective, self.device = held, job, objective, device
        self.prospects = Prospects(held.trial, job.run_dir / "metrics.jsonl", objective.metric, max_steps)
        self.process: Process | None = None
        self.is_given_up = False

    def poll(self) -> Outcome | None:
        """Starts, watches or stops the training; how it ended, once it has."""
        if self.process is None:
            return self._start()
        code = self.process.poll()
        are_poor = self.prospects.are_poor()
        if code is not None:
            return self._outcome(code)
        if are_poor and not self.is_given_up:
            self.is_given_up = True
            self.process.ask_to_stop()
        return None

    def _start(self) -> Outcome | None:
        if is_running(self.job.run_dir):
            return None  # the training of a search that was killed: it saves, and ends
        if self.job.is_finished:
            return self._outcome(0)
        if self.prospects.were_poor():
            self.is_given_up = True
            return self._outcome(0)
        self.process = Process(self.job, self.device)
        return None

    def _outcome(self, code: int) -> Outcome:
        if code == 0 and self.job.is_finished:
            return self._reached()
        if self.is_given_up:
            step, value = self.prospects.latest or (0, 0.0)
            return Outcome("pruned", reason=f"{self.objective.metric} {value:.5g} at step {step}")
        if code in STOPPED:
            time.sleep(SIGNAL_SECONDS)
        reason = self.job.last_line().removeprefix("gansmith: ")
        if "not finite" in reason:
            return Outcome("diverged", reason=reason)
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return Outcome("failed", reason=f"{how}: {reason}" if reason else how)

    def _reached(self) -> Outcome:
        try:
            value = self.objective.value(self.job.run_dir)
        except GansmithError as error:
            return Outcome("failed", reason=str(error))
        if value is None:
            return Outcome("diverged", reason=f"{self.objective.metric} is not finite")
        return Outcome("complete", value)
