"""What is read of a run while it trains, and when it is given up."""

import json

import optuna
import pytest

from gansmith.search.pruning import Prospects, read


def write(path, values, rest=""):
    lines = [json.dumps({"step": step, "fd": value}) for step, value in values]
    path.write_text("".join(f"{line}\n" for line in lines) + rest)


def test_only_whole_lines_with_a_finite_value_count(tmp_path):
    path = tmp_path / "metrics.jsonl"
    assert read(path, "fd") == []
    write(path, [(1, 3.0), (2, None)], '{"step": 2, "loss": 1}\n{"step": 3, "fd": 2.0}\n{"step": 4, "f')
    assert read(path, "fd") == [(1, 3.0), (3, 2.0)]


@pytest.fixture
def study():
    """Three complete trials with the values 1, 2, 3 at each of the steps 1 to 3."""
    study = optuna.create_study(pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=2))
    for value in (1.0, 2.0, 3.0):
        trial = study.ask()
        for step in (1, 2, 3):
            trial.report(value, step)
        study.tell(trial, value)
    return study


def test_what_is_worse_than_the_median_is_given_up_behind_the_warm_up(study, tmp_path):
    path = tmp_path / "metrics.jsonl"
    prospects = Prospects(study.ask(), path, "fd", max_steps=3)
    write(path, [(1, 9.0)])
    assert not prospects.are_poor()
    write(path, [(1, 9.0), (2, 2.5)])
    assert prospects.are_poor()
    assert prospects.were_poor()


def test_what_is_better_than_the_median_goes_on(study, tmp_path):
    path = tmp_path / "metrics.jsonl"
    prospects = Prospects(study.ask(), path, "fd", max_steps=3)
    write(path, [(1, 1.5), (2, 1.5)])
    assert not prospects.are_poor()


def test_a_run_at_its_last_step_is_not_given_up(study, tmp_path):
    path = tmp_path / "metrics.jsonl"
    prospects = Prospects(study.ask(), path, "fd", max_steps=3)
    write(path, [(3, 9.0)])
    assert not prospects.are_poor()


def test_steps_that_were_known_before_a_kill_are_not_reported_again(study, tmp_path):
    path = tmp_path / "metrics.jsonl"
    trial = study.ask()
    trial.report(1.5, 2)
    prospects = Prospects(trial, path, "fd", max_steps=3)
    write(path, [(1, 1.0), (2, 9.0)])
    assert not prospects.are_poor()
    assert study.trials[-1].intermediate_values == {2: 1.5}
