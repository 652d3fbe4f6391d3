"""Samples of a checkpoint as picture files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from rich.console import Console
from rich.progress import track
from torch import Tensor

from gansmith.errors import ConfigError
from gansmith.inference.checkpoints import find_checkpoint, load_trained
from gansmith.inference.counts import check_counts
from gansmith.inference.devices import pick_device
from gansmith.inference.folder_set import SHEET
from gansmith.inference.prompt_grid import captions_of, draw_grid
from gansmith.inference.prompting import asked_of, prompt_conditions
from gansmith.inference.sample_files import ON_SHEET, save_image
from gansmith.models.generative import GenerativeModel
from gansmith.models.translation import Translation
from gansmith.training.samples import save_grid


def sample_checkpoint(config: DictConfig) -> list[Path]:
    """`config.n` samples as PNG files in `config.out`, and the first of them as one sheet, `grid.png`.

    With several prompts, or several weights of guidance, it is as `draw_grid` says.

    Raises:
        CheckpointError: there is no such checkpoint.
        ConfigError: a number below one, a class that the model does not have, a model that translates, a key of
            captions that does not work.
        DataError: a file of prompts, a picture or a mask that can't be read.
    """
    check_counts(config, n=1, batch_size=1, columns=1)
    asked = asked_of(config)
    captions = captions_of(asked)
    trained = load_trained(find_checkpoint(config.ckpt), pick_device(config.device))
    model = trained.model
    check_samples(model, config.ckpt)
    conditions = (
        label_condition(model, config.label)
        | truncation_condition(model, config.get("truncation"))
        | prompt_conditions(model, asked, trained.config["data"])
    )
    if captions:
        return draw_grid(model, config, captions, asked, conditions)
    return draw(model, config, conditions)


def draw(model: GenerativeModel, config: DictConfig, conditions: Mapping[str, Any]) -> list[Path]:
    """Samples as files, and their sheet; `conditions` are keyword arguments of `sample_images`."""
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    shown: list[Tensor] = []
    batches = torch.arange(config.n).split(config.batch_size)
    for indices in track(batches, "sampling", console=Console(stderr=True), transient=True):
        images = model.sample_images(indices, config.seed, **conditions)
        paths += [save_image(image, out / f"{index:06d}.png") for index, image in zip(indices.tolist(), images)]
        shown += images[: max(0, ON_SHEET - len(shown))]
    save_grid(torch.stack(shown), out / SHEET, columns=config.columns)
    print(f"{config.n} samples and {SHEET} in {out}")
    return paths


def check_samples(model: GenerativeModel, ckpt: str) -> None:
    """Raises ConfigError for a model that translates pictures, or draws none."""
    if hasattr(model, "embed"):
        raise ConfigError(f"model={model.name} draws no pictures: it conditions what does (model.encoder_from={ckpt})")
    if isinstance(model, Translation):
        how = f"python src/translate.py ckpt={ckpt} input=FILE|FOLDER out=FOLDER"
        raise ConfigError(f"model={model.name} translates pictures: {how}")


def label_condition(model: GenerativeModel, label: int | None) -> dict[str, Any]:
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


def truncation_condition(model: GenerativeModel, truncation: float | None) -> dict[str, Any]:
    """Keyword arguments of `sample_images` that ask for truncated samples.

    Raises:
        ConfigError: the model has none, or this is no number.
    """
    if truncation is None:
        return {}
    if not isinstance(truncation, (int, float)):
        raise ConfigError(f"truncation={truncation}: it is a number")
    if not getattr(model, "truncations", ()):
        raise ConfigError(f"truncation={truncation}: model={model.name} has none; stylegan2 and biggan have")
    return {"truncation": truncation}
