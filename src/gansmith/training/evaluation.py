"""Evaluates the samples while a run goes on and at its end, and keeps the best checkpoint."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from lightning import Callback, Trainer

from gansmith.errors import CheckpointError, ConfigError
from gansmith.metrics.base import BaseProtocol
from gansmith.models.generative import GenerativeModel
from gansmith.training.checkpoints import load_checkpoint
from gansmith.training.distributed import broadcast_tensors
from gansmith.training.pictures import Pictures
from gansmith.training.progress import Progress
from gansmith.training.summaries import define_best, log_scores, log_table
from gansmith.training.watch import Watch, off_the_clock

Kind = TypeVar("Kind", bound=Callback)


class Evaluation(Callback):
    """The protocol at intervals on few samples, at the end on all of them, for the last and the best weights.

    Args:
        protocol: what is measured, and which figure says which checkpoint is best.
        run_dir: the run's folder; the best checkpoint is `checkpoints/best.ckpt` in it.
        every_n_steps: interval in steps.
        cache_dir: folder for the features of real pictures.
    """

    def __init__(self, protocol: BaseProtocol, run_dir: str, every_n_steps: int, cache_dir: str) -> None:
        if every_n_steps < 1:
            raise ConfigError(f"callbacks.evaluation.every_n_steps is {every_n_steps}; it counts steps, from 1")
        self.protocol, self.every_n_steps, self.cache_dir = protocol, every_n_steps, Path(cache_dir)
        self.best_path = Path(run_dir) / "checkpoints" / "best.ckpt"
        self.best: dict[str, Any] = {}
        self.final: dict[str, dict[str, Any]] = {}

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        step = trainer.global_step
        if not self.protocol.metrics or (step % self.every_n_steps and step != trainer.max_steps):
            return
        metrics = self._evaluate(trainer, pl_module, self.protocol.during)
        pl_module.latest_metrics = metrics
        for watch in _found(trainer, Watch):
            watch.record(trainer, metrics)
        if not self.best or self._is_better(metrics, self.best["metrics"]):
            self.best = {"step": step, "metrics": metrics}
            trainer.save_checkpoint(self.best_path, weights_only=False)

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        """The full protocol, unless the run was stopped before its end."""
        if not self.protocol.metrics or trainer.global_step < trainer.max_steps:
            return
        with off_the_clock(trainer):
            inputs = self.protocol.measure_inputs(trainer.datamodule, device=pl_module.device)  # type: ignore[attr-defined]
        self.final["last"] = self._scores(trainer, pl_module, trainer.global_step, inputs)
        self.final["best"] = self.final["last"]
        if self.best and self.best["step"] != trainer.global_step:
            current = {key: value.clone() for key, value in pl_module.sampler.state_dict().items()}
            load_sampler(pl_module, self.best_path)
            self.final["best"] = self._scores(trainer, pl_module, self.best["step"], inputs)
            pl_module.sampler.load_state_dict(current)
        self._log(trainer)

    def _log(self, trainer: Trainer) -> None:
        """The final scores, and a table of the evaluations so far."""
        log_scores(trainer.loggers, self.final, trainer.global_step)
        primary, pictures = self.protocol.primary_metric, _found(trainer, Pictures)
        assert primary is not None
        for watch in _found(trainer, Watch) if trainer.is_global_zero else []:
            folder = pictures[0].folder if pictures else None
            log_table(trainer.loggers, watch.path, primary, folder, trainer.global_step)

    def _scores(self, trainer: Trainer, model: Any, step: int, inputs: dict[str, float]) -> dict[str, Any]:
        """The full protocol on the model's weights, which are those of `step`, and what the inputs reach."""
        return {"step": step, "metrics": self._evaluate(trainer, model, self.protocol) | inputs}

    def _is_better(self, metrics: dict[str, float], than: dict[str, float]) -> bool:
        primary = self.protocol.primary_metric
        assert primary is not None
        better = metrics[primary] < than[primary]
        return better if self.protocol.direction == "min" else metrics[primary] > than[primary]

    def _evaluate(self, trainer: Trainer, model: GenerativeModel, protocol: BaseProtocol) -> dict[str, float]:
        model.guard.check()
        broadcast_tensors(model.sampler.buffers())
        with off_the_clock(trainer), ExitStack() as stack:
            bars = [stack.enter_context(bar.task("evaluation", 0)) for bar in _found(trainer, Progress)]
            return protocol.measure(
                model,
                trainer.datamodule,  # type: ignore[attr-defined]
                device=model.device,
                cache_dir=self.cache_dir,
                progress=bars[0] if bars else None,
            )

    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        # What can't be measured should stop a run before its training.
        self.protocol.check_model(pl_module)
        for protocol in (self.protocol, self.protocol.during):
            protocol.check_data(pl_module, trainer.datamodule)  # type: ignore[attr-defined]
        self.protocol.prepare(pl_module.device)
        define_best(trainer.loggers, self.protocol)
        if self.best and not self._is_best_there():
            self.best = {}

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "protocol": self._protocol_hash}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        # Numbers of another protocol can't be compared; the next evaluation chooses anew.
        if state_dict["protocol"] == self._protocol_hash:
            self.best = state_dict["best"]

    def _is_best_there(self) -> bool:
        """Not where a checkpoint is gone on with in another folder, or between two that belong together."""
        try:
            return bool(load_checkpoint(self.best_path, mmap=True)["global_step"] == self.best["step"])
        except CheckpointError:
            return False

    @property
    def _protocol_hash(self) -> str:
        return self.protocol.during.hash if self.protocol.metrics else ""


def _found(trainer: Trainer, kind: type[Kind]) -> list[Kind]:
    return [callback for callback in trainer.callbacks if isinstance(callback, kind)]  # type: ignore[attr-defined]


def load_sampler(model: GenerativeModel, path: Path) -> None:
    """Takes the weights that sample from the checkpoint at `path`; rank 0 reads, the others get them."""
    if model.trainer.is_global_zero:
        prefix = next(name for name, module in model.named_modules() if module is model.sampler) + "."
        state = load_checkpoint(path)["state_dict"]
        model.sampler.load_state_dict(
            {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
        )
    broadcast_tensors([*model.sampler.parameters(), *model.sampler.buffers()])
