"""Cells of a suite: each once, several at a time, none of them lost."""

import signal
import subprocess
import sys
import time

import pytest

from gansmith import jobs
from gansmith.run_lock import running
from gansmith.suites import schedule
from gansmith.suites.plan import Cell
from gansmith.suites.progress import Progress
from gansmith.suites.schedule import Failure, Schedule

HOLD = """
import sys, time
from pathlib import Path
from gansmith.run_lock import running
with running(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
    (Path(sys.argv[1]) / "result.json").touch()
"""


def cells(folder, *models, seed=0):
    return [
        Cell("digits", model, seed, 8, jobs.Job([f"model={model}", "data=digits", f"seed={seed}"], folder / model))
        for model in models
    ]


def starts(cell):
    path = cell.job.run_dir / "starts"
    return path.read_text().count("one") if path.exists() else 0


def run(planned, devices=(None,)):
    return Schedule(planned, devices, Progress(planned)).run()


def test_each_cell_runs_once(stand_in, tmp_path):
    planned = cells(tmp_path, "gan", "dcgan", "cgan")
    assert run(planned, [None, None]) == []
    assert run(planned) == []
    assert [starts(cell) for cell in planned] == [1, 1, 1]


def test_a_failed_cell_is_reported_and_tried_again(stand_in, tmp_path, capsys):
    planned = cells(tmp_path, "lsgan", "gan")
    assert run(planned) == [Failure(planned[0], "a loss is not finite")]
    assert "digits/lsgan/seed=0  failed: a loss is not finite\n" in capsys.readouterr().err
    assert planned[1].job.is_finished
    (tmp_path / "mended").touch()
    assert run(planned) == []
    assert [starts(cell) for cell in planned] == [2, 1]


@pytest.mark.parametrize(
    ("script", "reason"), [("import os; os.kill(os.getpid(), 9)", "killed by signal 9"), ("exit(7)", "exit code 7")]
)
def test_a_run_that_can_say_nothing_has_a_reason_too(script, reason, stand_in, tmp_path):
    stand_in.write_text(script)
    assert [failure.reason for failure in run(cells(tmp_path, "gan"))] == [reason]


def test_a_device_has_one_run_at_a_time(tmp_path, monkeypatch):
    busy, most = set(), []

    class Process:
        def __init__(self, job, device):
            assert device not in busy
            busy.add(device)
            self.job, self.device, self.polls = job, device, 0

        def poll(self):
            most.append(len(busy))
            self.polls += 1
            if self.polls < 3:
                return None
            busy.discard(self.device)
            return 0

    monkeypatch.setattr(schedule, "Process", Process)
    monkeypatch.setattr(schedule, "POLL_SECONDS", 0)
    assert run(cells(tmp_path, "a", "b", "c", "d", "e"), ["0", "1"]) == []
    assert max(most) == 2


def test_an_interrupt_stops_what_runs(stand_in, tmp_path, monkeypatch):
    planned = cells(tmp_path, "gan", "dcgan", "cgan")
    stand_in.write_text("import time; time.sleep(60)")
    stopped = []
    monkeypatch.setattr(schedule, "stop", lambda processes: stopped.extend(processes) or jobs.stop(processes))
    progress = Progress(planned)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(progress, "update", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Schedule(planned, [None, None], progress).run()
    assert [process.wait() for process in stopped] == [-signal.SIGTERM] * 2


def test_a_cell_that_another_process_trains_is_waited_for(stand_in, tmp_path):
    planned = cells(tmp_path, "gan", "dcgan")
    gan, dcgan = (cell.job for cell in planned)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, gan.run_dir], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "held\n"
    progress = Progress(planned)

    def update(*_):
        if dcgan.is_finished and not other.stdin.closed:
            other.stdin.close()

    progress.update = update
    assert Schedule(planned, [None, None], progress).run() == []
    other.wait()
    assert [starts(cell) for cell in planned] == [0, 1]


def test_a_run_that_came_second_is_no_failure(stand_in, tmp_path, monkeypatch):
    """Two commands may find the same cell free; the lock of its folder decides."""
    (cell,) = cells(tmp_path, "lsgan")
    began = time.monotonic()
    monkeypatch.setattr(schedule, "is_running", lambda _: time.monotonic() - began < 2 and starts(cell) == 1)
    (cell.job.run_dir).mkdir()
    with running(tmp_path / "elsewhere"):
        failures = run([cell])
    assert starts(cell) == 2
    assert failures == [Failure(cell, "a loss is not finite")]
