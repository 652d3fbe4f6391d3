"""A checkpoint by a protocol, with the numbers that its own run would have found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console

from gansmith.config import instantiate
from gansmith.data.base import DataModule
from gansmith.data.imageset import digest
from gansmith.errors import ConfigError
from gansmith.inference.checkpoints import Trained, find_checkpoint, load_trained, run_of
from gansmith.inference.devices import on_ranks
from gansmith.inference.neighbours import check_neighbours, draw_neighbours
from gansmith.inference.results import Result, Results
from gansmith.metrics.base import BaseProtocol
from gansmith.models.generative import GenerativeModel
from gansmith.models.translation import Translation
from gansmith.ranks import is_first_process
from gansmith.results.provenance import device_name
from gansmith.training.progress import Progress


@dataclass(frozen=True)
class Judge:
    """A protocol and the data it is applied to: what checkpoints of one run are measured by.

    reference: a digest of the data and their task.
    """

    protocol: BaseProtocol
    data: DataModule
    reference: str
    cache_dir: str

    @classmethod
    def of(cls, config: DictConfig, trained: Trained) -> Judge:
        """`config.metrics` on `config.data`, or what the checkpoint was trained with; the task is always that.

        Raises:
            ConfigError: the protocol measures nothing, or nothing that this model makes of these data.
        """
        protocol = protocol_for(trained.model, config.get("metrics"), trained.config)
        data = data_for(trained.model, config.get("data"), trained.config)
        protocol.check_model(trained.model)
        protocol.check_data(trained.model, data)
        pictures = data.examples(protocol.split).fingerprint
        reference = digest([pictures.encode(), repr(trained.config.get("task")).encode()])
        return cls(protocol, data, reference, config.cache_dir)

    def measure(self, trained: Trained, description: str = "evaluation") -> Result:
        """Collective: every rank gets the result."""
        model, protocol = trained.model, self.protocol
        with Progress().task(description, 0) as report:
            metrics = protocol.measure(
                model, self.data, device=model.device, cache_dir=self.cache_dir, progress=report
            ) | protocol.measure_inputs(self.data, device=model.device)
        return Result(
            source=place(trained.path),
            step=trained.step,
            images=trained.images,
            content=trained.weights,
            data=self.data.name,
            reference=self.reference,
            device=device_name(model.device, 1),
            asked=list(protocol.metrics),
            metrics=metrics,
        )


def evaluate_checkpoint(config: DictConfig) -> dict[str, float]:
    """Measures the checkpoint `config.ckpt`, prints what comes out, and keeps it in its run or in `config.out`.

    Raises:
        CheckpointError: there is no such checkpoint.
        ConfigError: the protocol measures nothing, or nothing that this model makes of these data.
    """
    path = find_checkpoint(config.ckpt)
    with on_ranks(config.device) as device:
        trained = load_trained(path, device)
        judge = Judge.of(config, trained)
        folder = folder_for(config.get("out"), run_of(path))
        check_neighbours(config, judge.protocol, folder)
        result = judge.measure(trained)
        if is_first_process():
            show(f"{path}  {judge.data.name}", judge.protocol, result.metrics)
        if folder is not None:
            if is_first_process():
                keep(folder, judge.protocol, result)
            sheet = folder / f"neighbours_{path.stem}.png"
            draw_neighbours(config, trained.model, judge.data, judge.protocol, device, sheet)
    return result.metrics


def protocol_for(model: GenerativeModel, metrics: DictConfig | None, trained_with: dict[str, Any]) -> BaseProtocol:
    """What `metrics` describes, or what the checkpoint was trained with. Raises ConfigError if it has no metrics."""
    protocol = instantiate(metrics or trained_with.get("metrics"))
    if protocol is None or not protocol.metrics:
        name = "none" if protocol is None else protocol.name
        other = "paired" if isinstance(model, Translation) else "fast"
        raise ConfigError(f"metrics={name} measures nothing; take metrics={other} or another protocol")
    return protocol


def data_for(model: GenerativeModel, data: DictConfig | None, trained_with: dict[str, Any]) -> DataModule:
    """What `data` describes, or what the checkpoint was trained on, with its task; ready to be read.

    Raises:
        ConfigError: pictures that the model was not made for.
    """
    found = instantiate(data or trained_with["data"])
    # Translated pictures may have any size.
    size = () if isinstance(model, Translation) else ("resolution",)
    for key in (*size, "channels", "source_channels", "target_channels"):
        wanted = trained_with["data"].get(key)
        if (value := getattr(found, key, wanted)) != wanted:
            raise ConfigError(f"data.{key}={value}, and the checkpoint was trained at {wanted}")
    if trained_with.get("task") is not None:
        found.set_task(instantiate(trained_with["task"]))
    found.prepare_data()
    return found


def place(path: Path) -> str:
    """Where a checkpoint lies: in its run, if it is in one."""
    run_dir = run_of(path)
    return str(path if run_dir is None else path.relative_to(run_dir))


def folder_for(out: str | None, run_dir: Path | None) -> Path | None:
    """Where results are kept: in `out`, or with the run; nowhere for a checkpoint without one."""
    return Path(out) if out is not None else run_dir and run_dir / "evaluation"


def show(what: str, protocol: BaseProtocol, metrics: Mapping[str, float]) -> None:
    console = Console()
    console.print(f"{what}  protocol {protocol.name} ({protocol.hash})", markup=False, highlight=False, soft_wrap=True)
    for name, value in metrics.items():
        console.print(f"{name}  {value:.6g}", markup=False, highlight=False, soft_wrap=True)


def keep(folder: Path, protocol: BaseProtocol, result: Result) -> None:
    results = Results(folder, protocol)
    results.add(result)
    print(f"result in {results.path}")
