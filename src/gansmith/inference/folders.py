"""Anybody's samples: a folder of pictures by a protocol, beside another folder or a data set."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from torch import Tensor

from gansmith.config import instantiate
from gansmith.errors import ConfigError, DataError
from gansmith.inference.devices import on_ranks
from gansmith.inference.evaluation import keep, show
from gansmith.inference.folder_set import FolderSet
from gansmith.inference.neighbours import check_neighbours, draw_neighbours
from gansmith.inference.results import Result
from gansmith.metrics.protocol import Protocol
from gansmith.metrics.reference import ImageSet, subset
from gansmith.ranks import is_first_process
from gansmith.results.provenance import device_name
from gansmith.training.progress import Progress

log = logging.getLogger(__name__)


class Samples:
    """Pictures that are there already, in the place of a model: sample i is the i-th of the `chosen` ones.

    chosen: int64 (n,), which of the folder's pictures.
    """

    def __init__(self, pictures: FolderSet, chosen: Tensor) -> None:
        self.name = str(pictures.folder)
        self.pictures, self.chosen = pictures, chosen

    def sample_images(self, indices: Tensor, seed: int) -> Tensor:
        """uint8 (n, 3, H, W)."""
        return self.pictures.batch(self.chosen[indices])


@dataclass(frozen=True)
class RealFolder:
    """A folder of real pictures in the place of a data module: it has no splits, and is all of them."""

    pictures: FolderSet
    classes: int = 0
    channels: int = 3

    @property
    def name(self) -> str:
        return str(self.pictures.folder)

    def split(self, name: str) -> FolderSet:
        return self.pictures


def evaluate_folders(config: DictConfig) -> dict[str, float]:
    """Measures the pictures below `config.fake`, prints what comes out, and keeps it in `config.out` if that is given.

    They are compared with those below `config.real`, a folder, or with a split of `config.data`. As many as the
    protocol says are drawn by its seed; where there are fewer, all are taken, and the protocol's hash is another.

    Raises:
        ConfigError: no real pictures, or both kinds; a protocol that does not compare sets of pictures.
        DataError: a picture that can't be read, or has another size than the others of its folder.
    """
    protocol = protocol_of(config)
    folder = None if config.get("out") is None else Path(config.out)
    check_neighbours(config, protocol, folder)
    with on_ranks(config.device) as device:
        fakes = FolderSet(Path(config.fake), "fake")
        protocol, chosen = choose(fakes, protocol)
        data = real_pictures(config)
        say_sizes(fakes, data.split(protocol.split), protocol)
        model = Samples(fakes, chosen)
        protocol.check_model(model)
        protocol.check_data(model, data)
        protocol.prepare(device)
        with Progress().task("evaluation", 0) as report:
            metrics = protocol.measure(model, data, device=device, cache_dir=config.cache_dir, progress=report)
        if is_first_process():
            show(f"{config.fake}  {data.name}", protocol, metrics)
        if folder is not None:
            if is_first_process():
                keep(folder, protocol, entry(config.fake, fakes, data, protocol, device, metrics))
            draw_neighbours(config, model, data, protocol, device, folder / "neighbours.png")
    return metrics


def protocol_of(config: DictConfig) -> Protocol:
    """What `config.metrics` describes. Raises ConfigError unless it compares sets of pictures."""
    protocol = instantiate(config.get("metrics"))
    if not isinstance(protocol, Protocol) or not protocol.metrics:
        name = getattr(protocol, "name", None)
        raise ConfigError(
            f"metrics={name} does not measure folders; take metrics=fast or another one of pictures as sets"
        )
    return protocol


def choose(fakes: FolderSet, protocol: Protocol) -> tuple[Protocol, Tensor]:
    """The protocol for as many pictures as there are, and which of them are measured, int64 (n,)."""
    available = len(fakes)
    if available < 2:
        raise DataError(f"fake={fakes.folder} holds {available} picture; metrics need at least 2")
    if available < protocol.samples:
        log.info(
            "%d pictures in %s, %d fewer than metrics=%s asks for: the numbers carry a hash of their own",
            available,
            fakes.folder,
            protocol.samples - available,
            protocol.name,
        )
        protocol = protocol.with_samples(available)
    elif available > protocol.samples:
        log.info(
            "%d of the %d pictures in %s, drawn by metrics.seed; metrics.samples=%d takes all",
            protocol.samples,
            available,
            fakes.folder,
            available,
        )
    return protocol, subset(available, protocol.samples, protocol.seed)


def real_pictures(config: DictConfig) -> Any:
    """The folder `config.real`, or the module of `config.data`. Raises ConfigError unless it is one of them."""
    if (config.get("real") is None) == (config.get("data") is None):
        raise ConfigError("fake=FOLDER is compared with real=FOLDER, or with a data set: real=NAME or data=NAME")
    if config.get("real") is not None:
        return RealFolder(FolderSet(Path(config.real), "real"))
    data = instantiate(config.data)
    if not hasattr(data, "split"):
        raise ConfigError(f"data={data.name} has no pictures of one size to compare with")
    data.prepare_data()
    return data


def say_sizes(fakes: FolderSet, real: ImageSet, protocol: Protocol) -> None:
    """One line where the protocol's extractor enlarges one side more than the other."""
    theirs = tuple(real.batch(torch.tensor([0])).shape[-2:])
    if fakes.size != theirs:
        sizes = [f"{width}x{height}" for height, width in (fakes.size, theirs)]
        log.warning(
            "generated pictures of %s beside real ones of %s: %s resizes both, and sees the difference",
            *sizes,
            protocol.extractor,
        )


def entry(
    source: str, fakes: FolderSet, data: Any, protocol: Protocol, device: torch.device, metrics: dict[str, float]
) -> Result:
    """What is kept of a folder of pictures, which knows no steps."""
    return Result(
        source=source,
        step=None,
        images=None,
        content=fakes.fingerprint,
        data=data.name,
        reference=data.split(protocol.split).fingerprint,
        device=device_name(device, 1),
        asked=list(protocol.metrics),
        metrics=metrics,
    )
