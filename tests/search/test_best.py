"""The command of the best trial."""

import shlex

import optuna
import yaml

from gansmith.search import best
from gansmith.search.objective import Objective


def test_a_shell_reads_the_overrides_back(tmp_path):
    overrides = ["model=dcgan", "metrics.metrics=[fd,kd]", "data.root='a b'"]
    study = optuna.create_study()
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    study.tell(trial, 2.5)
    best.write(tmp_path, study.best_trial, tmp_path / "trial_0000", overrides, Objective("fd", "last", "min"))
    command = (tmp_path / "best.txt").read_text()
    assert shlex.split(command) == ["python", "src/train.py", *overrides]
    content = yaml.safe_load((tmp_path / "best.yaml").read_text())
    assert content["overrides"] == overrides
    assert content["command"] == command.strip()
    assert (content["trial"], content["value"], content["metric"]) == (0, 2.5, "fd")
    assert content["parameters"] == study.best_trial.params
