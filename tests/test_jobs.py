"""Trainings in processes of their own: one folder, log and device each, and none that outlives its parent."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from gansmith import jobs
from gansmith.jobs import Job

SMALL = ("data=digits", "data.batch_size=8", "model.features=2", "model.latent=2", "trainer=cpu", "logger=none")

# Stands for src/train.py, at once: does what `do=` says.
STAND_IN = """
import os, pathlib, signal, subprocess, sys, time
values = dict(item.split("=", 1) for item in sys.argv[1:])
run_dir = pathlib.Path(values["run_dir"].strip('"'))

def stop(number, _):
    (run_dir / "saved").touch()
    sys.exit(128 + number)

signal.signal(signal.SIGTERM, stop)
(run_dir / "began").touch()
exec(values["do"])
"""
SLEEP = "do=time.sleep(60)"


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    monkeypatch.setattr(jobs, "SCRIPT", script)
    return script


def job(folder, do="do=pass"):
    return Job([do], folder / "run")


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# What is started.


@pytest.mark.parametrize("value", ["logs/a/seed=0", "it's", "a\\'b", 'say "a b"', "a, {b} [c]", "ends\\", '\\"', ""])
def test_any_string_can_be_the_value_of_an_override(value):
    assert OverridesParser.create().parse_override(f"run_dir={jobs.quoted(value)}").value() == value


def test_a_run_with_a_checkpoint_is_gone_on_with(tmp_path):
    begins = [sys.executable, str(jobs.SCRIPT), "seed=1", f'run_dir="{tmp_path}"']
    assert Job(["seed=1"], tmp_path).command == begins
    (tmp_path / "checkpoints").mkdir()
    assert Job(["seed=1"], tmp_path).command == begins
    (tmp_path / "checkpoints" / "last.ckpt").touch()
    assert Job(["seed=1"], tmp_path).command == [*begins, "resume=auto"]


def test_a_run_of_other_overrides_is_recognised(tmp_path):
    assert not Job(["seed=1"], tmp_path).is_of_other_overrides
    OmegaConf.save(OmegaConf.create(["seed=1", "model=gan", "run_dir=x", "resume=auto"]), tmp_path / "overrides.yaml")
    assert not Job(["model=gan", "seed=1"], tmp_path).is_of_other_overrides
    assert Job(["model=gan", "seed=2"], tmp_path).is_of_other_overrides


def test_a_job_on_the_cpu_has_one_thread_and_sees_no_gpu():
    assert jobs.environment(None).items() >= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}.items()


def test_a_job_on_a_gpu_sees_that_alone(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert jobs.environment("2").items() >= {"OMP_NUM_THREADS": "7", "CUDA_VISIBLE_DEVICES": "2"}.items()


@pytest.mark.parametrize(
    ("gpus", "number", "expected"),
    [
        (["4", "6"], None, ["4", "6"]),
        (["4", "6"], 3, ["4", "6", "4"]),
        (["4", "6"], 1, ["4"]),
        ([], 3, [None, None, None]),
    ],
)
def test_jobs_take_the_gpus_in_turn(gpus, number, expected, monkeypatch):
    monkeypatch.setattr(jobs, "visible_gpus", lambda: gpus)
    assert jobs.devices(number) == expected


def test_without_gpus_there_is_a_job_a_core(monkeypatch):
    monkeypatch.setattr(jobs, "visible_gpus", lambda: [])
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert jobs.devices() == [None] * 3


# How it ends.


def test_the_exit_code_and_the_output_are_kept(stand_in, tmp_path):
    failing = job(tmp_path, "do=print('one'); print('two', file=sys.stderr); sys.exit(3)")
    assert jobs.run(failing) == 3
    text = (failing.run_dir / jobs.LOG).read_text()
    assert f"$ {shlex.join(failing.command)}\n" in text
    assert "one\n" in text
    assert "two\n" in text
    assert jobs.run(job(tmp_path)) == 0
    assert (failing.run_dir / jobs.LOG).read_text().startswith(text)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("", ""),
        ("step 3\n", "step 3"),
        ("step 3\ngansmith: no such file\nINFO: the others end too\n\n", "gansmith: no such file"),
        (
            "Traceback:\n  File x\nhydra.errors.ConfigException: no key\nhint\n  more\n",
            "hydra.errors.ConfigException: no key",
        ),
        ("Traceback:\n  File x\nKeyError: 'a'\n", "KeyError: 'a'"),
    ],
)
def test_the_last_line_is_the_error_of_the_newest_start(said, line, tmp_path):
    (tmp_path / jobs.LOG).write_text(f"\n$ python train.py\ngansmith: an older error\n\n$ python train.py\n{said}")
    assert Job([], tmp_path).last_line() == line


def test_without_a_log_there_is_no_last_line(tmp_path):
    assert Job([], tmp_path).last_line() == ""


def test_a_true_answer_stops_a_run_in_an_orderly_way(stand_in, tmp_path):
    running = job(tmp_path, SLEEP)
    assert jobs.run(running, on_poll=(running.run_dir / "began").exists) == 128 + signal.SIGTERM
    assert (running.run_dir / "saved").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_an_interrupt_of_the_parent_stops_a_run_in_an_orderly_way(error, stand_in, tmp_path):
    running = job(tmp_path, SLEEP)

    def interrupt():
        if (running.run_dir / "began").exists():
            raise error

    with pytest.raises(error):
        jobs.run(running, on_poll=interrupt)
    assert (running.run_dir / "saved").exists()


def test_a_second_interrupt_ends_runs_and_their_children_at_once(stand_in, tmp_path, monkeypatch):
    child = "subprocess.Popen(['sleep', '60'], stdout=open(run_dir / 'child', 'w'))"
    stubborn = job(tmp_path, f"do=signal.signal(15, signal.SIG_IGN); p = {child}; print(p.pid, flush=True); p.wait()")
    process = jobs.Process(stubborn)
    wait_for(lambda: stubborn.last_line().isdigit())

    def interrupted(_):
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs.Process, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        jobs.stop([process])
    assert process.wait() == -signal.SIGKILL
    if sys.platform == "linux":
        wait_for(lambda: not is_alive(stubborn.last_line()))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't tell a process that its parent has died")
def test_a_run_whose_parent_is_killed_saves_and_ends(stand_in, tmp_path):
    running = job(tmp_path, SLEEP)
    program = f"from gansmith import jobs; from pathlib import Path; jobs.SCRIPT = Path({str(stand_in)!r})\n"
    program += f"jobs.run(jobs.Job({running.overrides!r}, Path({str(running.run_dir)!r})))"
    parent = subprocess.Popen([sys.executable, "-c", program])
    wait_for((running.run_dir / "began").exists)
    parent.kill()
    parent.wait()
    wait_for((running.run_dir / "saved").exists)


@pytest.mark.slow
def test_a_stopped_training_goes_on_to_its_end(tmp_path):
    training = Job(
        [*SMALL, "metrics=none", "trainer.max_steps=600", "callbacks.checkpoints.every_n_steps=10"], tmp_path
    )
    stopped = jobs.run(training, on_poll=(tmp_path / "checkpoints" / "last.ckpt").exists)
    assert stopped == 128 + signal.SIGTERM, training.last_line()
    assert not training.is_finished
    assert jobs.run(training) == 0, training.last_line()
    assert training.is_finished
    assert not training.is_of_other_overrides
    assert "going on from" in (tmp_path / jobs.LOG).read_text()
