"""What a trial is judged by: one result of the protocol, of the last or the best checkpoint."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gansmith.errors import ConfigError, GansmithError
from gansmith.results.metric_names import larger_is_better
from gansmith.results.record import Record


@dataclass(frozen=True)
class Objective:
    """A result's full name, such as `fd_efficientnet_lite0`, and which way is better."""

    metric: str
    which: Literal["last", "best"]
    direction: Literal["min", "max"]

    def value(self, run_dir: Path) -> float | None:
        """What the finished run reached; None if that was not finite.

        Raises:
            GansmithError: the run's record is not there, or does not have the metric.
        """
        record = Record.read(run_dir / "result.json")
        scores = getattr(record, self.which)
        metrics = scores.metrics if scores else {}
        if self.metric not in metrics:
            raise GansmithError(f"search.metric={self.metric}: the runs have {', '.join(metrics) or 'no metrics'}")
        value = metrics[self.metric]
        return value if value is not None and math.isfinite(value) else None


def choose(protocol: Any, metric: str | None, which: str) -> Objective:
    """The objective of a search whose trials are measured by `protocol`.

    Args:
        metric: one of the protocol's, or the full name of one of its results; None takes its primary one.

    Raises:
        ConfigError: nothing is measured, or there is no such `which`.
    """
    if not protocol.metrics:
        raise ConfigError(f"metrics={protocol.name}: it measures nothing; a search needs metrics=fast or another")
    if which not in ("last", "best"):
        raise ConfigError(f"search.which={which}: it can be last or best")
    primary = protocol.primary_metric
    name = primary if metric is None else protocol.result_name(metric) if metric in protocol.metrics else metric
    direction = protocol.direction if name == primary else "max" if larger_is_better(name) else "min"
    return Objective(name, which, direction)  # type: ignore[arg-type]
