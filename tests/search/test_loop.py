"""Whole searches over a parabola: what they find, what stops a trial, and what stops none."""

from itertools import pairwise

import optuna
import pytest
from optuna.trial import TrialState
from searching import search

from gansmith.errors import ConfigError, GansmithError

pytestmark = pytest.mark.usefixtures("stand_in")


def outcomes(done):
    return [trial.user_attrs["outcome"] for trial in done.study.trials()]


def test_the_best_trial_is_near_the_minimum(tmp_path):
    done = search(tmp_path, trials=10, startup=4, overrides=["steps=2"])
    done.run()
    best = done.study.best()
    assert outcomes(done) == ["complete"] * 10
    assert best.value == min(trial.value for trial in done.study.trials())
    assert abs(best.params["x"] - 0.3) < 0.15
    assert (done.study.run_dir(best.number) / "result.json").exists()


def test_one_worker_and_one_seed_draw_the_same_trials(tmp_path):
    drawn = []
    for name in ("one", "two"):
        done = search(tmp_path / name, trials=4, startup=2, overrides=["steps=2"])
        done.run()
        drawn.append([trial.params for trial in done.study.trials()])
    assert drawn[0] == drawn[1]
    assert len({params["x"] for params in drawn[0]}) == 4


@pytest.mark.slow
def test_a_search_in_two_parts_draws_what_one_in_one_draws(tmp_path):
    for trials in (2, 4):
        parts = search(tmp_path / "parts", trials=trials, startup=2, overrides=["steps=2"])
        parts.run()
    whole = search(tmp_path / "whole", trials=4, startup=2, overrides=["steps=2"])
    whole.run()
    assert [one.params for one in parts.study.trials()] == [one.params for one in whole.study.trials()]


@pytest.mark.parametrize(
    ("fault", "outcome", "state", "reason"),
    [
        ("error", "failed", TrialState.FAIL, "exit code 1: data.root=nowhere: no such folder"),
        ("die", "failed", TrialState.FAIL, "killed by signal 9"),
        ("diverge", "diverged", TrialState.PRUNED, "step 2: the generator's loss is not finite"),
        ("nan", "diverged", TrialState.PRUNED, "fd_stand_in is not finite"),
    ],
)
def test_what_goes_wrong_is_recorded_and_stops_no_search(tmp_path, fault, outcome, state, reason):
    done = search(tmp_path, trials=2, overrides=["steps=3", f"fault={fault}"])
    done.run()
    assert outcomes(done) == [outcome] * 2
    assert done.study.best() is None
    for trial in done.study.trials():
        assert trial.state == state
        assert trial.user_attrs["reason"].startswith(reason)


@pytest.mark.slow
def test_the_sampler_learns_from_diverged_trials(tmp_path):
    """Half of the range diverges; after a few trials hardly any of the others is drawn there."""
    done = search(tmp_path, trials=16, startup=6, overrides=["steps=2", "fault=diverge", "faulty=0.5"])
    done.run()
    assert outcomes(done)[:6].count("diverged") >= 2
    assert outcomes(done)[6:].count("diverged") <= 3


def test_hopeless_trials_are_stopped_and_their_steps_saved(tmp_path):
    space = {
        "x": {"key": "x", "type": "float", "low": 0.29, "high": 0.31},
        "shift": {"key": "shift", "type": "categorical", "choices": [0, 5]},
    }
    pruner = {"name": "median", "n_startup_trials": 1, "n_warmup_steps": 1}
    overrides = ["steps=20", "pause=0.03"]
    done = search(tmp_path, trials=6, overrides=overrides, space=space, pruner=pruner)
    done.run()
    found = {"0": [], "5": []}
    for trial in done.study.trials():
        found[trial.params["shift"]].append(trial)
    assert any(trial.user_attrs["outcome"] == "complete" for trial in found["0"])
    pruned = [trial for trial in found["5"] if trial.user_attrs["outcome"] == "pruned"]
    assert len(pruned) >= len(found["5"]) - 1 > 0
    for trial in pruned:
        assert 1 < max(trial.intermediate_values) < 20
        assert (done.study.run_dir(trial.number) / "checkpoints" / "last.ckpt").exists()
        assert "at step" in trial.user_attrs["reason"]


def test_two_workers_share_the_trials(tmp_path):
    done = search(tmp_path, trials=5, workers=2, overrides=["steps=4", "pause=0.1"])
    done.run()
    trials = done.study.trials()
    assert outcomes(done) == ["complete"] * 5
    began = sorted((trial.datetime_start, trial.datetime_complete) for trial in trials)
    assert any(later[0] < earlier[1] for earlier, later in pairwise(began))


def test_what_is_finished_is_not_done_again(tmp_path):
    search(tmp_path, trials=2).run()
    again = search(tmp_path, trials=2)
    again.run()
    assert len(again.study.trials()) == 2
    assert (again.study.run_dir(0) / "starts").read_text() == "0\n"


def test_another_search_in_the_folder_is_refused(tmp_path):
    search(tmp_path, trials=1).run()
    with pytest.raises(ConfigError, match="search with other overrides"):
        search(tmp_path, trials=1, overrides=["steps=3"])


def test_a_file_that_is_no_study_is_one_line(tmp_path):
    (tmp_path / "study.db").write_text("no database, " * 100)
    with pytest.raises(GansmithError, match=r"study\.db: can't be opened") as error:
        search(tmp_path, trials=1)
    assert "\n" not in str(error.value)


def test_a_trial_in_other_hands_is_left_to_them(tmp_path):
    mine, other = search(tmp_path, trials=2), search(tmp_path, trials=2)
    held = other.study.claim(trials=2)
    mine.run()
    assert [trial.state for trial in mine.study.trials()] == [TrialState.RUNNING, TrialState.COMPLETE]
    other.study.let_go(held)
    mine.run()
    assert outcomes(mine) == ["complete"] * 2


def test_the_study_is_optunas_own(tmp_path):
    """Other programs of Optuna's open it."""
    search(tmp_path, trials=2).run()
    study = optuna.load_study(study_name="search", storage=f"sqlite:///{tmp_path / 'study.db'}")
    assert len(study.trials) == 2
