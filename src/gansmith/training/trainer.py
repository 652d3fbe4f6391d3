"""The Lightning trainer for a machine: which devices, how many processes, which precision."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from lightning import Callback, Trainer
from lightning.pytorch.loops.fit_loop import _FitLoop
from lightning.pytorch.loops.training_epoch_loop import _TrainingEpochLoop
from lightning.pytorch.plugins.environments import SLURMEnvironment
from lightning.pytorch.utilities import rank_zero_only
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from gansmith.errors import ConfigError
from gansmith.training.checkpoints import AtomicCheckpointIO
from gansmith.training.distributed import AlternatingDDPStrategy

log = logging.getLogger(__name__)

START_METHODS = {"ddp": "popen", "ddp_spawn": "spawn"}
PROCESSES_WITHOUT_GPU = 2
# Before any job of a sweep changes it.
DEFAULT_THREADS = torch.get_num_threads()


def build_trainer(
    accelerator: str,
    devices: int | str | list[int],
    num_nodes: int,
    strategy: str,
    max_steps: int,
    precision: str,
    sync_batchnorm: bool | str,
    deterministic: bool,
    timeout_minutes: float,
    callbacks: Sequence[Callback] = (),
    run_dir: str = ".",
    has_batchnorm: bool = False,
) -> Trainer:
    """A trainer of `max_steps` batches without epochs, validation loops or checkpoints of Lightning's own.

    Args:
        accelerator: `auto`, `cpu`, `gpu`, `mps`.
        devices: how many, which, or `auto`.
        num_nodes: machines.
        strategy: `auto` (ddp where there are several devices), `ddp`, `ddp_spawn`. On a machine
            without a GPU the last two run two processes of one thread each.
        max_steps: batches.
        precision: Lightning's names: `32-true`, `bf16-mixed`, `16-mixed`, `64-true`.
        sync_batchnorm: `auto` for several GPUs and networks with batch norm.
        deterministic: only deterministic algorithms.
        timeout_minutes: how long a rank waits for another.
        callbacks: in their order.
        run_dir: the run's folder.
        has_batchnorm: whether a network has layers that `sync_batchnorm` concerns.

    Raises:
        ConfigError: a value that does not work on this machine.
    """
    if max_steps < 1:
        raise ConfigError(f"trainer.max_steps is {max_steps}; it counts batches, from 1")
    place = placed(accelerator, devices, num_nodes, strategy)
    torch.set_num_threads(1 if place.shares_cpu else DEFAULT_THREADS)
    if place.shares_cpu:
        _say("%s processes on the CPU with one thread each (gloo)", place.devices)
        os.environ["OMP_NUM_THREADS"] = "1"
    if sync_batchnorm == "auto":
        sync_batchnorm = place.several and place.on_gpus and has_batchnorm
    if place.shares_cpu and has_batchnorm:
        _say("batch norm has synchronised statistics on GPUs only: here each process has its own")
    plugins: list[Any] = [AtomicCheckpointIO()]
    if SLURMEnvironment.detect():
        plugins.append(SLURMEnvironment(auto_requeue=False))
    try:
        trainer = Trainer(
            accelerator=place.accelerator,
            devices=place.devices,
            num_nodes=num_nodes,
            strategy=_strategy(strategy, timeout_minutes) if place.several else "auto",
            precision=precision,  # type: ignore[arg-type]
            max_steps=max_steps,
            max_epochs=-1,
            sync_batchnorm=bool(sync_batchnorm),
            deterministic=deterministic,
            benchmark=not deterministic,
            callbacks=list(callbacks),
            logger=False,
            plugins=plugins,
            default_root_dir=run_dir,
            use_distributed_sampler=False,
            limit_val_batches=0,
            num_sanity_val_steps=0,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
    except (MisconfigurationException, ValueError) as error:
        raise ConfigError(f"trainer: {' '.join(str(error).split())}") from error
    trainer.fit_loop = FitLoop(trainer, max_epochs=-1)
    trainer.fit_loop.epoch_loop = _TrainingEpochLoop(trainer, max_steps=max_steps)
    return trainer


class FitLoop(_FitLoop):
    """Lightning's, but a run that was killed behind its last step still comes to its evaluation and record."""

    @property
    def skip(self) -> bool:
        return False


@dataclass(frozen=True)
class Place:
    """Where a run's processes are: on GPUs or not, one or several."""

    accelerator: str
    devices: int | str | list[int]
    on_gpus: bool
    several: bool

    @property
    def shares_cpu(self) -> bool:
        """Whether several processes share one CPU."""
        return self.several and not self.on_gpus


def placed(accelerator: str, devices: int | str | list[int], num_nodes: int, strategy: str) -> Place:
    """What `build_trainer`'s arguments of these names mean here.

    Raises:
        ConfigError: a strategy or a device that there is not.
    """
    if strategy not in ("auto", *START_METHODS):
        raise ConfigError(f"trainer.strategy is {strategy!r}; it can be auto, {', '.join(START_METHODS)}")
    check_accelerator(accelerator)
    gpus = torch.cuda.device_count()
    on_gpus = accelerator in ("gpu", "cuda") or (accelerator == "auto" and gpus > 0)
    if strategy != "auto" and not on_gpus:
        accelerator = "cpu"
        devices = PROCESSES_WITHOUT_GPU if devices == "auto" else devices
    several = strategy != "auto" or (on_gpus and num_nodes * count_devices(devices, gpus) > 1)
    return Place(accelerator, devices, on_gpus, several)


def check_accelerator(accelerator: str) -> None:
    """Raises ConfigError if the machine has no such device."""
    present = {
        "auto": True,
        "cpu": True,
        "gpu": torch.cuda.is_available(),
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if accelerator not in present:
        raise ConfigError(f"trainer.accelerator is {accelerator!r}; it can be {', '.join(present)}")
    if not present[accelerator]:
        raise ConfigError(f"trainer.accelerator is {accelerator}; here is none, trainer=auto takes what there is")


def count_devices(devices: int | str | list[int], gpus: int) -> int:
    """How many GPUs `devices` means on a machine that has `gpus`."""
    if isinstance(devices, list):
        return len(devices)
    return gpus if devices in ("auto", -1, "-1") else int(devices)


def _strategy(name: str, timeout_minutes: float) -> AlternatingDDPStrategy:
    return AlternatingDDPStrategy(
        start_method=START_METHODS.get(name, "popen"),  # type: ignore[arg-type]
        timeout=timedelta(minutes=timeout_minutes),
    )


@rank_zero_only
def _say(message: str, *values: object) -> None:
    log.info(message, *values)
