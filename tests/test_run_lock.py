"""A run's folder belongs to one process at a time, and only for as long as that lives."""

import os
import signal
import subprocess
import sys

import pytest

from gansmith.errors import CheckpointError
from gansmith.run_lock import is_running, running

HOLD = """
import os, sys, time
from pathlib import Path
from gansmith.run_lock import running
with running(Path(sys.argv[1])):
    if os.fork() == 0:
        print(os.getpid(), flush=True)
    time.sleep(60)
"""


def test_one_at_a_time(tmp_path):
    run_dir = tmp_path / "run"
    with running(run_dir):
        assert is_running(run_dir)
        with pytest.raises(CheckpointError, match="another process trains this run"), running(run_dir):
            pass
        (run_dir / "config.yaml").touch()
    assert not is_running(run_dir)
    with running(run_dir):
        pass


@pytest.mark.parametrize("before", ["", "logs", "logs/run"])
def test_what_was_made_for_nothing_is_gone(tmp_path, before):
    (tmp_path / before).mkdir(parents=True, exist_ok=True)
    there = sorted(tmp_path.rglob("*"))
    with running(tmp_path / "logs" / "run"):
        pass
    assert sorted(tmp_path.rglob("*")) == there


def test_a_folder_that_is_no_run_is_not_running(tmp_path):
    assert not is_running(tmp_path / "nowhere")


def test_a_killed_run_lets_go_at_once_though_its_workers_live(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True)
    worker = int(process.stdout.readline())
    try:
        assert is_running(tmp_path)
        process.kill()
        process.wait()
        os.kill(worker, 0)
        assert not is_running(tmp_path)
    finally:
        os.kill(worker, signal.SIGKILL)
        process.stdout.close()
