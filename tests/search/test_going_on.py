"""Searches in processes of their own: killed, stopped, begun twice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import searching
from optuna.trial import TrialState
from searching import search

SLOW_STEPS = ["steps=30", "pause=0.1"]
started = []


@pytest.fixture(autouse=True)
def no_process_stays():
    yield
    while started:
        process = started.pop()
        process.kill()
        process.wait()


def start(folder, trials, *overrides, workers=1):
    process = subprocess.Popen(
        [sys.executable, searching.__file__, str(folder), str(trials), str(workers), *overrides],
        env={**os.environ, "PYTHONPATH": str(searching.STAND_IN.parents[2] / "src")},
    )
    started.append(process)
    return process


def wait_until(condition, seconds=180):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def steps(folder, number):
    path = Path(folder) / f"trial_{number:04d}" / "metrics.jsonl"
    return len(path.read_text().splitlines()) if path.exists() else 0


def starts(folder, number):
    """The steps from which the trial's training was started."""
    return [int(text) for text in (Path(folder) / f"trial_{number:04d}" / "starts").read_text().split()]


def drawn(trials):
    return [trial.params for trial in trials]


@pytest.mark.slow
def test_a_killed_search_goes_on_with_the_trial_that_was_running(tmp_path):
    overrides = ["steps=12", "pause=0.1"]
    process = start(tmp_path / "killed", 3, *overrides)
    wait_until(lambda: steps(tmp_path / "killed", 1) >= 4)
    process.kill()
    process.wait()
    assert start(tmp_path / "killed", 3, *overrides).wait(60) == 0
    trials = search(tmp_path / "killed", 3, overrides).study.trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 3
    first, second = starts(tmp_path / "killed", 1)
    assert (first, second >= 4) == (0, True)
    # Every step was reported once.
    assert sorted(trials[1].intermediate_values) == list(range(1, 13))
    assert start(tmp_path / "whole", 3, "steps=12").wait(60) == 0
    assert drawn(trials) == drawn(search(tmp_path / "whole", 3, ["steps=12"]).study.trials())


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, -signal.SIGTERM)])
def test_no_training_outlives_its_search(tmp_path, number, code):
    process = start(tmp_path, 2, *SLOW_STEPS, workers=2)
    wait_until(lambda: min(steps(tmp_path, 0), steps(tmp_path, 1)) >= 3)
    process.send_signal(number)
    process.wait(30)
    time.sleep(0.5)
    reached = [steps(tmp_path, 0), steps(tmp_path, 1)]
    time.sleep(0.5)
    assert [steps(tmp_path, 0), steps(tmp_path, 1)] == reached
    assert max(reached) < 30
    states = [trial.state for trial in search(tmp_path, 2, SLOW_STEPS).study.trials()]
    assert states == [TrialState.RUNNING] * 2


@pytest.mark.slow
def test_one_command_in_two_shells_is_one_search(tmp_path):
    overrides = ["steps=4", "pause=0.2"]
    processes = [start(tmp_path, 6, *overrides) for _ in range(2)]
    assert [process.wait(90) for process in processes] == [0, 0]
    trials = search(tmp_path, 6, overrides).study.trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 6
    assert [trial.number for trial in trials] == list(range(6))
    assert len({trial.params["x"] for trial in trials}) == 6
    assert all(starts(tmp_path, number) == [0] for number in range(6))


@pytest.mark.slow
def test_the_other_shell_takes_over_what_a_killed_one_had(tmp_path):
    overrides = ["steps=15", "pause=0.1"]
    killed, other = [start(tmp_path, 2, *overrides) for _ in range(2)]
    wait_until(lambda: min(steps(tmp_path, 0), steps(tmp_path, 1)) >= 2)
    killed.kill()
    assert other.wait(60) == 0
    states = [trial.state for trial in search(tmp_path, 2, overrides).study.trials()]
    assert states == [TrialState.COMPLETE] * 2
