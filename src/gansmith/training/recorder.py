"""Writes the run's record when it has reached its last step."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from lightning import Callback, Trainer

from gansmith.config import saved_overrides
from gansmith.metrics.base import BaseProtocol
from gansmith.models.generative import GenerativeModel
from gansmith.results.provenance import (
    describe_task,
    device_name,
    experiment_hash,
    git_state,
    peak_memory,
    variant_hash,
    versions,
)
from gansmith.results.record import Record, Scores
from gansmith.training.evaluation import Evaluation
from gansmith.training.flops import count_flops
from gansmith.training.pictures import Pictures
from gansmith.training.watch import Watch

Kind = TypeVar("Kind", bound=Callback)


class Recorder(Callback):
    """`result.json` in the run's folder; stands behind all callbacks whose results it holds.

    Args:
        config: the resolved config, plain containers.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.run_dir = Path(config["run_dir"])
        self.flops: dict[str, int] = {}

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        # A finished run that goes on with a larger trainer.max_steps is unfinished again.
        if trainer.is_global_zero:
            (self.run_dir / "result.json").unlink(missing_ok=True)

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        if trainer.global_step < trainer.max_steps:
            return
        self.flops = count_flops(pl_module, trainer.datamodule)  # type: ignore[attr-defined]
        if trainer.is_global_zero:
            self.record(trainer, pl_module).write(self.run_dir / "result.json")

    def record(self, trainer: Trainer, model: GenerativeModel) -> Record:
        evaluation, watch, pictures = first(trainer, Evaluation), first(trainer, Watch), first(trainer, Pictures)
        final = evaluation.final if evaluation else {}
        commit, dirty = git_state()
        picture = pictures.latest if pictures else None
        return Record(
            model=self.config["model"]["name"],
            data=self.config["data"]["name"],
            resolution=self.config["data"]["resolution"],
            protocol=describe(evaluation.protocol) if evaluation else {},
            best=Scores(**final["best"]) if final else None,
            last=Scores(**final["last"]) if final else None,
            steps=trainer.global_step,
            images=model.images_seen,
            seconds=round(watch.seconds, 1) if watch else 0.0,
            device=device_name(model.device, trainer.world_size),
            peak_memory=peak_memory(model.device),
            parameters={side: count_parameters(model, side) for side in model.sides},
            flops=self.flops,
            seed=self.config["seed"],
            details=model.details(),
            versions=versions(),
            commit=commit,
            dirty=dirty,
            config_hash=experiment_hash(self.config),
            variant=variant_hash(self.config),
            overrides=saved_overrides(self.run_dir),
            task=describe_task(self.config.get("task")),
            limit=self.config["data"].get("limit"),
            samples=str(picture.relative_to(self.run_dir)) if picture else None,
            checkpoints={
                name: f"checkpoints/{name}.ckpt"
                for name in ("best", "last", "pretrained")
                if (self.run_dir / "checkpoints" / f"{name}.ckpt").exists()
            },
        )


def first(trainer: Trainer, kind: type[Kind]) -> Kind | None:
    """The run's callback of this kind; None without one."""
    return next((callback for callback in trainer.callbacks if isinstance(callback, kind)), None)  # type: ignore[attr-defined]


def describe(protocol: BaseProtocol) -> dict[str, Any]:
    """The protocol's fields, its hash, and which result is best in which direction; nothing without metrics."""
    if not protocol.metrics:
        return {}
    ranking = {"primary_metric": protocol.primary_metric, "direction": protocol.direction}
    return {**asdict(protocol), "metrics": list(protocol.metrics), **ranking, "hash": protocol.hash}


def count_parameters(model: GenerativeModel, side: str) -> int:
    return sum(parameter.numel() for parameter in model.networks(side).parameters())
