"""Trainings in processes of their own: `src/train.py` with a device, a folder and a log each."""

from __future__ import annotations

import ctypes
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import gansmith
from gansmith.config import identifying, saved_overrides

SCRIPT = Path(gansmith.__file__).parents[1] / "train.py"
LOG = "output.log"
POLL_SECONDS = 0.2
# Where an error says in one line what is wrong; what follows may be hints over many lines.
ERROR = re.compile(r"gansmith: |[\w.]+(Error|Exception|Interrupt)\b")
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Job:
    """One training.

    Args:
        overrides: of conf/train.yaml, as on the command line of `src/train.py`, without `run_dir` and `resume`.
        run_dir: the run's folder; all that the process prints goes to `output.log` in it.
    """

    overrides: Sequence[str]
    run_dir: Path

    @property
    def command(self) -> list[str]:
        """Begins the run, or goes on with it where it has left a checkpoint."""
        has_checkpoint = any((self.run_dir / "checkpoints").glob("*.ckpt"))
        where = [f"run_dir={quoted(str(self.run_dir))}", *["resume=auto"] * has_checkpoint]
        return [sys.executable, str(SCRIPT), *self.overrides, *where]

    @property
    def is_finished(self) -> bool:
        return (self.run_dir / "result.json").exists()

    @property
    def is_of_other_overrides(self) -> bool:
        """Whether the run in the folder was begun with others than these, and is another experiment."""
        began = saved_overrides(self.run_dir)
        return bool(began) and identifying(began) != identifying(list(self.overrides))

    def last_line(self) -> str:
        """What the process said last: the line that names the error, if it had one; empty if it said nothing."""
        path = self.run_dir / LOG
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        newest = text.rpartition("\n$ ")[2].splitlines()[1:]
        lines = [line.strip() for line in newest if line.strip()] or [""]
        return next(filter(ERROR.match, reversed(lines)), lines[-1])


class Process:
    """A job that runs, in a process group of its own: a Ctrl-C in the terminal reaches it through its parent alone.

    On Linux it is told to stop when its parent dies, however that happens.

    Args:
        job: what runs; its folder is made.
        device: as for `run`.
    """

    def __init__(self, job: Job, device: str | None = None) -> None:
        job.run_dir.mkdir(parents=True, exist_ok=True)
        self.job, self.device = job, device
        command = job.command
        with (job.run_dir / LOG).open("a", encoding="utf-8") as log:
            log.write(f"\n$ {shlex.join(command)}\n")
            log.flush()
            self._process = subprocess.Popen(
                command,
                env=environment(device),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_stop_with_parent if sys.platform == "linux" else None,
            )

    def poll(self) -> int | None:
        """The exit code, negative for the signal that killed the process, or None as long as it runs."""
        code = self._process.poll()
        if code is not None:
            self.kill()  # ranks and loader workers that the process has left behind
        return code

    def ask_to_stop(self) -> None:
        """The run saves after the step it is in, and ends; its ranks follow."""
        if self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """Ends the process and its children at once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def wait(self) -> int:
        self._process.wait()
        self.kill()
        return self._process.returncode


def run(job: Job, device: str | None = None, on_poll: Callable[[], object] | None = None) -> int:
    """Runs the job to its end; its exit code: 0 where the run did what was asked.

    Args:
        job: what runs; it goes on where its folder holds a checkpoint.
        device: what CUDA_VISIBLE_DEVICES shall be, such as "1" or "0,1"; None is the CPU, with one thread a process.
        on_poll: called five times a second; a true answer stops the run in an orderly way.

    Raises:
        KeyboardInterrupt, SystemExit, or what `on_poll` raises: the run has been stopped in an orderly way.
    """
    process = Process(job, device)
    try:
        while (code := process.poll()) is None and not (on_poll is not None and on_poll()):
            time.sleep(POLL_SECONDS)
    except BaseException:
        stop([process])
        raise
    return stop([process])[0] if code is None else code


def stop(processes: Sequence[Process]) -> list[int]:
    """Ends all of them in an orderly way, and at once if it is interrupted while it waits; their exit codes."""
    try:
        for process in processes:
            process.ask_to_stop()
        return [process.wait() for process in processes]
    finally:
        for process in processes:
            process.kill()


def devices(jobs: int | None = None) -> list[str | None]:
    """A device for each of `jobs` processes at a time: the GPUs in turn, or None for one thread of the CPU.

    Without `jobs`, as many as there are GPUs, or else cores that this process may use.
    """
    gpus: list[str | None] = list(visible_gpus())
    if gpus:
        return [gpus[number % len(gpus)] for number in range(jobs or len(gpus))]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return [None] * (jobs or cores)


def visible_gpus() -> list[str]:
    """Names of this process's GPUs, as CUDA_VISIBLE_DEVICES knows them."""
    import torch

    count = torch.cuda.device_count()
    named = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    return named[:count] or [str(number) for number in range(count)]


def environment(device: str | None) -> dict[str, str]:
    """The environment variables of a process that has `device` to itself."""
    # Two processes of as many threads as there are cores are slower than one.
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"} if device is None else {}
    # The last line of a log is then the error itself, not Hydra's advice.
    return {**os.environ, **threads, "CUDA_VISIBLE_DEVICES": device or "", "HYDRA_FULL_ERROR": "1"}


def quoted(value: str) -> str:
    """A string as one value of Hydra's overrides, whatever is in it."""
    # Backslashes count only before a quote.
    escaped = re.sub(r'(\\*)("|$)', lambda found: 2 * found[1] + found[2].replace('"', '\\"'), value)
    return f'"{escaped}"'


def _stop_with_parent() -> None:
    """In the new process, before it becomes another program."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
