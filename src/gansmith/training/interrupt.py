"""SIGTERM and SIGINT save the run and end it; SIGUSR1, SLURM's warning, puts it back into the queue."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist
from lightning import Callback, Trainer

from gansmith.ranks import answers
from gansmith.training.distributed import rank, world_size

log = logging.getLogger(__name__)


class Stopped(KeyboardInterrupt):
    """Ends a run behind its last step, which is saved; of this kind, so that Lightning ends the other ranks too."""


class Interrupt(Callback):
    """Turns a signal into an orderly stop after the step that is running.

    Ranks get a signal at different moments, or only one of them does: they agree on the step at which
    they stop. A second SIGINT ends the process at once, and so does any signal behind the last step,
    when only the last evaluation is left: a run that goes on does it again.

    Args:
        agree_every_n_steps: steps between two agreements of several ranks; each is one small message.
    """

    SIGNALS = (signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGUSR1", signal.SIGTERM))

    def __init__(self, agree_every_n_steps: int = 10) -> None:
        self.agree_every_n_steps = agree_every_n_steps
        self.received: int | None = None
        self._is_trained = False
        self._previous: dict[int, Any] = {}

    def on_train_start(self, trainer: Trainer, *_: Any) -> None:
        # Lightning's own handlers are in place by now; they would stop ranks at different steps.
        self._is_trained = False
        self._previous = {number: signal.signal(number, self._receive) for number in self.SIGNALS}
        if trainer.received_sigterm:
            self.received = signal.SIGTERM

    def _receive(self, number: int, _: FrameType | None) -> None:
        if self._is_trained:
            self.received = number
            raise Stopped
        if self.received == signal.SIGINT == number:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            raise KeyboardInterrupt
        self.received = number
        if rank() == 0:
            again = "; a second Ctrl-C ends it at once" if number == signal.SIGINT else ""
            log.warning("signal %d: the run stops after this step%s", number, again)

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        if world_size() > 1:
            if trainer.global_step % self.agree_every_n_steps and trainer.global_step < trainer.max_steps:
                return
            newest = torch.tensor(self.received or 0, device=pl_module.device)
            with answers():
                dist.all_reduce(newest, op=dist.ReduceOp.MAX)
            self.received = int(newest) or None
        if self.received is not None:
            trainer.should_stop = True

    def on_train_end(self, trainer: Trainer, *_: Any) -> None:
        self._is_trained = trainer.global_step >= trainer.max_steps
        if self._is_trained and self.received is not None:
            raise Stopped
        self._requeue(trainer)

    def teardown(self, *_: Any, **__: Any) -> None:
        """Puts the earlier handlers back, unless Lightning has done so or one came from outside of Python."""
        for number, handler in self._previous.items():
            if handler is not None and signal.getsignal(number) == self._receive:
                signal.signal(number, handler)
        self._previous = {}

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        self.teardown()
        if isinstance(exception, Stopped):
            self._requeue(trainer)

    def _requeue(self, trainer: Trainer) -> None:
        job = os.environ.get("SLURM_JOB_ID")
        if self.received == getattr(signal, "SIGUSR1", None) and job and trainer.is_global_zero:
            requeue(job)


def requeue(job: str) -> None:
    """Puts the SLURM job back into the queue, or says why it is not there."""
    try:
        subprocess.run(["scontrol", "requeue", job], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        log.warning("SLURM job %s is not back in the queue: %s", job, error)
