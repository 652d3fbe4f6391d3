"""Pictures that are looked for in a latent space."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gansmith.data.files import Folder
from gansmith.errors import ConfigError, DataError
from gansmith.inference.evaluation import data_for
from gansmith.inference.own_pictures import decoder_of, read
from gansmith.walks.walker import Walker


@dataclass(frozen=True)
class Targets:
    """Pictures uint8 (n, C, H, W) as the generator makes them, their names, and labels (n,) where it has classes."""

    pictures: Tensor
    names: list[str]
    labels: Tensor | None


def targets_of(picture: str | None, count: int, walker: Walker) -> Targets:
    """The picture in a file, the first in a folder, or test pictures of the run's data, spread evenly over all.

    Files are made as small and as square as the run's own pictures. Those of the data keep their labels.

    Raises:
        ConfigError: the model needs a label, and nobody gives one.
        DataError: there is no such picture, or it can't be read.
    """
    if picture is None:
        return held_out(count, walker)
    if walker.model.classes and walker.label is None:
        raise ConfigError(f"model={walker.model.name} has classes: label=… says which one picture={picture} is of")
    decoder = decoder_of(walker.trained_with["data"])
    files = files_of(Path(picture))[:count]
    pictures = torch.from_numpy(np.stack([read(file, decoder) for file in files]))
    labels = None if walker.label is None else torch.full((len(files),), walker.label)
    return Targets(pictures, [file.name for file in files], labels)


def held_out(count: int, walker: Walker) -> Targets:
    """Test pictures of the run's data."""
    images = data_for(walker.model, None, walker.trained_with).split("test")  # type: ignore[attr-defined]
    count = min(count, len(images))
    indices = torch.arange(count) * len(images) // count
    labels = None
    if walker.model.classes:
        labels = images.labels[indices] if walker.label is None else torch.full_like(indices, walker.label)
    return Targets(images.batch(indices), [f"test/{index}" for index in indices.tolist()], labels)


def files_of(path: Path) -> list[Path]:
    """The file itself, or the pictures below a folder, sorted. Raises DataError if there is none."""
    if path.is_file():
        return [path]
    try:
        return [path / name for name in Folder(path).stamps]
    except DataError as error:
        raise DataError(str(error).replace("data.root=", "picture=", 1)) from error
