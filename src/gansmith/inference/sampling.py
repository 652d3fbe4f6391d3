"""Checkpoints at work: evaluation and sampling after training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from PIL import Image
from rich.console import Console
from rich.progress import track
from torch import Tensor

from gansmith.config import instantiate
from gansmith.data.base import DataModule
from gansmith.errors import CheckpointError, ConfigError
from gansmith.experiment import load_model
from gansmith.metrics.base import BaseProtocol
from gansmith.models.adversarial import AdversarialModel
from gansmith.models.translation import Translation
from gansmith.training.progress import Progress
from gansmith.training.samples import save_grid


def find_checkpoint(ckpt: str) -> Path:
    """The file itself, or the best checkpoint of a run's folder, or its last where no evaluation chose one.

    Raises:
        CheckpointError: there is none.
    """
    path = Path(ckpt)
    if path.is_file():
        return path
    for name in ("best", "last"):
        if (found := path / "checkpoints" / f"{name}.ckpt").is_file():
            return found
    raise CheckpointError(f"ckpt={ckpt} is neither a checkpoint nor a run's folder with checkpoints/ in it")


def pick_device(name: str) -> torch.device:
    """`auto` is the first accelerator of the machine, or its CPU.

    Raises:
        ConfigError: the machine has no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"device={name} does not work here; device=auto takes what there is") from error
    return torch.device(name)


def evaluate_checkpoint(config: DictConfig) -> dict[str, float]:
    """Measures the checkpoint on its own data or on `config.data`, and prints what comes out.

    The protocol is `config.metrics`, or the one that the checkpoint was trained with; the task is always that.

    Raises:
        ConfigError: the protocol measures nothing, or nothing that this model makes of these data.
    """
    path = find_checkpoint(config.ckpt)
    model, trained_with = load_model(path)
    model.to(pick_device(config.device))
    protocol = protocol_for(model, config.get("metrics"), trained_with)
    data = data_for(model, config.get("data"), trained_with)
    protocol.check_model(model)
    protocol.check_data(model, data)
    console = Console()
    with Progress(console).task("evaluation", 0) as report:
        metrics = protocol.measure(
            model, data, device=model.device, cache_dir=config.cache_dir, progress=report
        ) | protocol.measure_inputs(data, device=model.device)
    console.print(f"{path}  {data.name}  protocol {protocol.name} ({protocol.hash})", soft_wrap=True, highlight=False)
    for name, value in metrics.items():
        console.print(f"{name}  {value:.6g}", highlight=False)
    return metrics


def protocol_for(model: AdversarialModel, metrics: DictConfig | None, trained_with: dict[str, Any]) -> BaseProtocol:
    """What `metrics` describes, or what the checkpoint was trained with. Raises ConfigError if it has no metrics."""
    protocol = instantiate(metrics or trained_with.get("metrics"))
    if protocol is None or not protocol.metrics:
        name = "none" if protocol is None else protocol.name
        other = "paired" if isinstance(model, Translation) else "fast"
        raise ConfigError(f"metrics={name} measures nothing; take metrics={other} or another protocol")
    return protocol


def data_for(model: AdversarialModel, data: DictConfig | None, trained_with: dict[str, Any]) -> DataModule:
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


def sample_checkpoint(config: DictConfig) -> list[Path]:
    """`config.n` samples as PNG files in `config.out`, and all of them as `grid.png`."""
    for key in ("n", "batch_size", "columns"):
        if config[key] < 1:
            raise ConfigError(f"{key}={config[key]}: it counts from 1")
    model, _ = load_model(find_checkpoint(config.ckpt))
    if isinstance(model, Translation):
        how = f"python src/translate.py ckpt={config.ckpt} input=FILE|FOLDER out=FOLDER"
        raise ConfigError(f"model={model.name} translates pictures: {how}")
    model.to(pick_device(config.device))
    conditions = label_condition(model, config.label)
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    batches = torch.arange(config.n).split(config.batch_size)
    images = torch.cat(
        [
            model.sample_images(indices, config.seed, **conditions)
            for indices in track(batches, "sampling", console=Console(stderr=True), transient=True)
        ]
    )
    paths = [save_image(image, out / f"{index:06d}.png") for index, image in enumerate(images)]
    save_grid(images, out / "grid.png", columns=config.columns)
    print(f"{config.n} samples and grid.png in {out}")
    return paths


def label_condition(model: AdversarialModel, label: int | None) -> dict[str, Any]:
    """Keyword arguments of `sample_images` that ask for one class.

    Raises:
        ConfigError: the model has no classes, or not this one.
    """
    if label is None:
        return {}
    classes = getattr(model, "classes", 0)
    if not 0 <= label < classes:
        what = f"classes 0 to {classes - 1}" if classes else "no classes"
        raise ConfigError(f"label={label}: model={model.name} has {what}")
    return {"label": label}


def save_image(image: Tensor, path: Path) -> Path:
    """One uint8 picture (1 or 3, H, W) as PNG."""
    pixels = image[0] if len(image) == 1 else image.permute(1, 2, 0)
    Image.fromarray(pixels.contiguous().numpy()).save(path)
    return path
