"""What loggers show of a run's evaluations: which value is best, the final scores, a table with sample grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger, WandbLogger

from gansmith.metrics.base import BaseProtocol
from gansmith.training.watch import parse

# Keys of a line in metrics.jsonl that are no metrics.
AXES = ("step", "images", "seconds")


def define_best(loggers: Sequence[Logger], protocol: BaseProtocol) -> None:
    """Lets W&B's overview of runs show the best value of the primary metric instead of the newest."""
    for logger in loggers:
        if isinstance(logger, WandbLogger) and protocol.primary_metric is not None:
            logger.experiment.define_metric(protocol.primary_metric, summary=protocol.direction)


def log_scores(loggers: Sequence[Logger], scores: Mapping[str, Mapping[str, Any]], step: int) -> None:
    """Scalars such as `best/fid` and `best/step` at the last step; in W&B they are the run's summary.

    Args:
        scores: `step` and `metrics`, of `last` and of `best`.
    """
    values = {
        f"{which}/{name}": value
        for which, found in scores.items()
        for name, value in {"step": found["step"], **found["metrics"]}.items()
    }
    for logger in loggers:
        logger.log_metrics(values, step=step)


def log_table(loggers: Sequence[Logger], lines: Path, primary: str, pictures: Path | None, step: int) -> None:
    """The evaluations in the course of training as W&B's table `evaluations`: step, images, metrics, samples.

    Args:
        lines: the run's metrics.jsonl.
        primary: name of the result that every evaluation has.
        pictures: folder of the sample grids; None without any.
        step: at which the table is logged.
    """
    rows = evaluations(lines, primary)
    for logger in loggers:
        if isinstance(logger, WandbLogger) and rows:
            metrics = [name for name in rows[0] if name not in AXES]
            content = [
                [row["step"], row["images"], *(row.get(name) for name in metrics), picture(pictures, row["step"])]
                for row in rows
            ]
            logger.log_table("evaluations", columns=["step", "images", *metrics, "samples"], data=content, step=step)


def evaluations(lines: Path, primary: str) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl that hold an evaluation."""
    parsed = (parse(text) for text in lines.read_text(encoding="utf-8").splitlines())
    return [line for line in parsed if line is not None and primary in line]


def picture(folder: Path | None, step: int) -> Any:
    """The newest sample grid that was drawn up to `step`, as W&B takes it; None without one."""
    import wandb

    paths = sorted(folder.glob("step_*.png")) if folder is not None else []
    drawn = [path for path in paths if int(path.stem.removeprefix("step_")) <= step]
    return wandb.Image(str(drawn[-1])) if drawn else None
