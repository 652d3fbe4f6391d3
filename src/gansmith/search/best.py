"""The best trial so far, as a command that anybody can repeat."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf
from optuna.trial import FrozenTrial

from gansmith.atomic import replacing
from gansmith.search.objective import Objective


def command(overrides: Sequence[str]) -> str:
    return shlex.join(["python", "src/train.py", *overrides])


def write(folder: Path, trial: FrozenTrial, run_dir: Path, overrides: Sequence[str], objective: Objective) -> None:
    """`best.txt`, the command alone, and `best.yaml`, all that is known of the trial.

    Args:
        folder: of the search.
        overrides: all of the trial's, without its folder.
    """
    content = {
        "trial": trial.number,
        "metric": objective.metric,
        "which": objective.which,
        "direction": objective.direction,
        "value": trial.value,
        "parameters": trial.params,
        "run_dir": str(run_dir),
        "overrides": list(overrides),
        "command": command(overrides),
    }
    with replacing(folder / "best.yaml") as path:
        path.write_text(OmegaConf.to_yaml(OmegaConf.create(content)), encoding="utf-8")
    with replacing(folder / "best.txt") as path:
        path.write_text(f"{command(overrides)}\n", encoding="utf-8")
