"""Reads what a run says while it trains, and judges whether it is worth going on."""

from __future__ import annotations

import json
import math
from pathlib import Path

from optuna.trial import Trial


class Prospects:
    """Reports a trial's metrics to Optuna as they come, and asks its pruner.

    Args:
        trial: whose values they are; steps that were reported before a kill are not reported again.
        path: the run's `metrics.jsonl`.
        metric: name of the objective in it.
        max_steps: at which a run is through; nothing is pruned any more.
    """

    def __init__(self, trial: Trial, path: Path, metric: str, max_steps: int) -> None:
        self.trial, self.path, self.metric, self.max_steps = trial, path, metric, max_steps
        known = trial.study.get_trials(deepcopy=False)[trial.number].intermediate_values
        self.latest: tuple[int, float] | None = max(known.items(), default=None)
        self._size = -1

    def are_poor(self) -> bool:
        """Whether the pruner gives the trial up at one of the values that are new since the last call."""
        return any(self._is_poor_after(step, value) for step, value in self._news())

    def were_poor(self) -> bool:
        """Whether it would at the last value reported."""
        return self.latest is not None and self.latest[0] < self.max_steps and self.trial.should_prune()

    def _is_poor_after(self, step: int, value: float) -> bool:
        self.trial.report(value, step)
        self.latest = (step, value)
        return self.were_poor()

    def _news(self) -> list[tuple[int, float]]:
        size = self.path.stat().st_size if self.path.exists() else -1
        if size == self._size:
            return []
        self._size = size
        last = self.latest[0] if self.latest else -1
        return [(step, value) for step, value in read(self.path, self.metric) if step > last]


def read(path: Path, metric: str) -> list[tuple[int, float]]:
    """Steps and finite values of `metric` in `metrics.jsonl`; a line that is being written is left out."""
    found = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ():
        try:
            line = json.loads(text)
            step, value = int(line["step"]), float(line[metric])
        except (ValueError, TypeError, KeyError):
            continue
        if math.isfinite(value):
            found.append((step, value))
    return found
