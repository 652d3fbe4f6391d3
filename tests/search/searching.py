"""Searches over the stand-in training; `python searching.py FOLDER TRIALS WORKERS [OVERRIDE ...]` in a process."""

import sys
from pathlib import Path

import stand_in
from rich.console import Console

from gansmith import jobs
from gansmith.search.loop import Search
from gansmith.search.objective import Objective
from gansmith.search.samplers import build_pruner, build_sampler
from gansmith.search.space import Space
from gansmith.search.study import SharedStudy
from gansmith.search.table import Board

STAND_IN = Path(stand_in.__file__)
OBJECTIVE = Objective(stand_in.METRIC, "last", "min")
SPACE = {"x": {"key": "x", "type": "float", "low": 0.0, "high": 1.0}}


def search(folder, trials, overrides=(), workers=1, space=None, pruner=None, seed=0, startup=10, identity=None):
    """Ready to run; of trainings that `jobs.SCRIPT` starts."""
    parsed = Space.parse(space or SPACE)
    node = {"name": "tpe", "n_startup_trials": startup}
    study = SharedStudy(
        Path(folder),
        identity or {"overrides": list(overrides)},
        parsed,
        OBJECTIVE,
        lambda seed: build_sampler(node, seed),
        build_pruner(pruner or {"name": "none"}),
        seed,
    )
    steps = int(dict(item.split("=") for item in overrides).get("steps", 5))
    board = Board("test", trials, OBJECTIVE, Console(file=sys.stderr))
    return Search(study, overrides, OBJECTIVE, steps, [None] * workers, trials, board)


if __name__ == "__main__":
    jobs.SCRIPT = STAND_IN
    folder, trials, workers, *overrides = sys.argv[1:]
    search(folder, int(trials), overrides, int(workers)).run()
