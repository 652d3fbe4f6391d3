"""Samples beside the training pictures that are nearest to them, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from gansmith.errors import ConfigError
from gansmith.metrics.base import BaseProtocol, is_whole
from gansmith.metrics.neighbours import neighbour_sheet
from gansmith.metrics.protocol import Protocol
from gansmith.ranks import is_first_process
from gansmith.training.pictures import save_picture


def check_neighbours(config: DictConfig, protocol: BaseProtocol, folder: Path | None) -> None:
    """Raises ConfigError if `config.neighbours` asks for a sheet that can't be drawn, or has no place."""
    count = config.get("neighbours")
    if count is None:
        return
    if not is_whole(count, 1):
        raise ConfigError(f"neighbours={count} does not work: it counts rows, from 1")
    if not isinstance(protocol, Protocol):
        raise ConfigError(
            f"neighbours={count} shows samples from latents, which metrics={protocol.name} does not measure"
        )
    if folder is None:
        raise ConfigError(f"neighbours={count} needs out=FOLDER to put the sheet into")


def draw_neighbours(
    config: DictConfig, model: Any, data: Any, protocol: BaseProtocol, device: torch.device, path: Path
) -> None:
    """A row for each of the first `config.neighbours` samples, with its nearest training pictures; none for null.

    Collective; the first process writes it.
    """
    if config.get("neighbours") is None:
        return
    assert isinstance(protocol, Protocol)
    sheet = neighbour_sheet(
        lambda indices: model.sample_images(indices, protocol.seed),
        data.split("train"),
        protocol,
        device=device,
        cache_dir=config.cache_dir,
        count=config.neighbours,
    )
    if is_first_process():
        save_picture(sheet, path)
        print(f"nearest training pictures in {path}")
