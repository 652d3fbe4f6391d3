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
from gansmith.errors import CheckpointError, ConfigError
from gansmith.experiment import load_model
from gansmith.metrics.evaluate import evaluate
from gansmith.models.adversarial import AdversarialModel
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
    """The protocol `config.metrics` on the checkpoint's samples, against its own data or `config.data`; prints it."""
    path = find_checkpoint(config.ckpt)
    model, trained_with = load_model(path)
    model.to(pick_device(config.device))
    protocol = instantiate(config.metrics)
    if not protocol.metrics:
        raise ConfigError(f"metrics={protocol.name} measures nothing; take metrics=fast or another protocol")
    data = instantiate(config.get("data") or trained_with["data"])
    for key in ("resolution", "channels"):
        if getattr(data, key) != trained_with["data"][key]:
            raise ConfigError(
                f"data.{key}={getattr(data, key)}, and the checkpoint was trained at {trained_with['data'][key]}"
            )
    data.prepare_data()
    console = Console()
    with Progress(console).task("evaluation", 0) as report:
        metrics = evaluate(
            lambda indices: model.sample_images(indices, protocol.seed),
            data.split(protocol.split),
            protocol,
            device=model.device,
            cache_dir=config.cache_dir,
            progress=report,
        )
    console.print(f"{path}  {data.name}  protocol {protocol.name} ({protocol.hash})", soft_wrap=True, highlight=False)
    for name, value in metrics.items():
        console.print(f"{name}  {value:.6g}", highlight=False)
    return metrics


def sample_checkpoint(config: DictConfig) -> list[Path]:
    """`config.n` samples as PNG files in `config.out`, and all of them as `grid.png`."""
    for key in ("n", "batch_size", "columns"):
        if config[key] < 1:
            raise ConfigError(f"{key}={config[key]}: it counts from 1")
    model, _ = load_model(find_checkpoint(config.ckpt))
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
