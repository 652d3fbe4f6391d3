"""`python src/search.py` over trainings of a few steps, and what is refused before any."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import optuna
import pytest
import yaml
from hydra import compose, initialize_config_dir
from searching import STAND_IN

import gansmith.cli  # noqa: F401  (its look into config groups is the quick one)
from gansmith.config import register_resolvers
from gansmith.errors import ConfigError
from gansmith.search.command import search

REPOSITORY = STAND_IN.parents[2]
TINY = (
    "search=learning_rates",
    "model=dcgan",
    "data=digits",
    "data.batch_size=8",
    "model.features=4",
    "model.latent=4",
    "logger=none",
    "trainer.max_steps=8",
    "callbacks.samples=null",
    "callbacks.checkpoints.every_n_steps=4",
    "callbacks.watch.every_n_steps=4",
    "callbacks.evaluation.every_n_steps=4",
    "metrics.metrics=[kd]",
    "metrics.primary=kd",
    "metrics.samples=16",
    "metrics.during_samples=8",
    "metrics.reference_samples=16",
    "metrics.kd_subsets=2",
    "metrics.kd_subset_size=8",
    "metrics.resize=32",
)


def run(script, *overrides):
    command = [sys.executable, str(REPOSITORY / "src" / script), *overrides]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=250)


def value(run_dir):
    record = json.loads((run_dir / "result.json").read_text())
    return record["last"]["metrics"]["kd_efficientnet_lite0_mean"]


def trials(folder):
    return optuna.load_study(study_name="search", storage=f"sqlite:///{folder / 'study.db'}").trials


@pytest.mark.slow
def test_the_best_trials_command_reaches_its_value_again(tmp_path):
    cache = f"cache_dir={tmp_path / 'cache'}"
    done = run("search.py", *TINY, "trainer=cpu", "search.trials=2", f"search.dir={tmp_path / 'search'}", cache)
    assert done.returncode == 0, done.stdout + done.stderr
    best = yaml.safe_load((tmp_path / "search" / "best.yaml").read_text())
    values = [value(tmp_path / "search" / f"trial_{number:04d}") for number in (0, 1)]
    assert [trial.value for trial in trials(tmp_path / "search")] == values
    assert best["value"] == min(values)
    command = (tmp_path / "search" / "best.txt").read_text()
    assert command in done.stdout
    assert {path.stem for path in (tmp_path / "search" / "plots").iterdir()} == {"history", "importance", "slices"}
    python, script, *overrides = shlex.split(command)
    assert (python, script) == ("python", "src/train.py")
    again = run("train.py", *overrides, f"run_dir={tmp_path / 'again'}")
    assert again.returncode == 0, again.stdout + again.stderr
    assert value(tmp_path / "again") == best["value"]


@pytest.mark.slow
def test_trials_may_have_two_ranks(tmp_path):
    overrides = ["trainer=ddp", "search.trials=1", f"search.dir={tmp_path / 'search'}", f"cache_dir={tmp_path}"]
    done = run("search.py", *TINY, *overrides)
    assert done.returncode == 0, done.stdout + done.stderr
    (trial,) = trials(tmp_path / "search")
    assert trial.value == value(tmp_path / "search" / "trial_0000")
    assert json.loads((tmp_path / "search" / "trial_0000" / "result.json").read_text())["device"].startswith("2 x")
    assert sorted(path.name for path in (tmp_path / "search").glob("trial_*")) == ["trial_0000"]


@pytest.mark.slow
def test_a_search_that_is_stopped_says_how_it_goes_on(tmp_path):
    endless = ["trainer=cpu", "trainer.max_steps=100000", "callbacks.evaluation.every_n_steps=100000"]
    overrides = [*TINY, *endless, f"search.dir={tmp_path}", f"cache_dir={tmp_path}"]
    process = subprocess.Popen(
        [
            sys.executable,
            str(REPOSITORY / "src" / "search.py"),
            *{item.partition("=")[0]: item for item in overrides}.values(),
        ],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 200
        while not (tmp_path / "trial_0000" / "checkpoints" / "last.ckpt").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=180)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130
    assert "gansmith: interrupted; the same command goes on" in output
    assert [trial.state.name for trial in trials(tmp_path)] == ["RUNNING"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("search.trials=0", "search.trials=0: it must be a whole number of at least 1"),
        ("run_dir=here", "run_dir=here: each trial has a folder of its own"),
        ("model.optimizer.generator.lr=1", "search.space.generator_lr.key: model.optimizer.generator.lr is given too"),
        ("search.space.generator_lr.low=1", "search.space.generator_lr: "),
        ("search.space.generator_lr.key=model.lr", "search.space.generator_lr.key: "),
        ("metrics=none", "metrics=none: it measures nothing"),
        ("search.pruner.name=luck", "search.pruner.name=luck: it can be"),
    ],
)
def test_what_can_not_work_is_one_line_and_leaves_nothing(tmp_path, wrong, message):
    overrides = ["search=learning_rates", "search.name=test", f"search.dir={tmp_path / 'search'}", wrong]
    register_resolvers()
    with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
        config = compose("search", overrides=overrides)
        with pytest.raises(ConfigError) as error:
            search(config, overrides)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "search").exists()
