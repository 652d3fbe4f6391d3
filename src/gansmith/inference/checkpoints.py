"""Which checkpoints there are, and the model in one of them as it was in its run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gansmith.data.imageset import digest
from gansmith.errors import CheckpointError, ConfigError
from gansmith.experiment import load_model, switch_networks
from gansmith.models.generative import GenerativeModel
from gansmith.training.checkpoints import load_checkpoint

FOLDER = "checkpoints"
WHICH = ("all", "last", "best")


@dataclass(frozen=True)
class Trained:
    """A model and where it comes from.

    config: that it was trained with.
    step, images: batches and real pictures that it had seen; None where the file does not say.
    """

    path: Path
    model: GenerativeModel
    config: dict[str, Any]
    step: int | None
    images: int | None

    @property
    def weights(self) -> str:
        """A digest of what samples: checkpoints of one step have the same."""
        state = self.model.sampler.state_dict()
        parts = ((name.encode(), value.cpu().contiguous().view(-1).view(torch.uint8)) for name, value in state.items())
        return digest(part for name, value in parts for part in (name, value.numpy().data))


def find_checkpoint(ckpt: str | Path, order: Sequence[str] = ("best", "last"), key: str = "ckpt") -> Path:
    """The file itself, or the first of `order` in a run's folder: there is no best one where no evaluation chose it.

    The user names it at `key`.

    Raises:
        CheckpointError: there is none.
    """
    path = Path(ckpt)
    if path.is_file():
        return path
    for name in order:
        if (found := path / FOLDER / f"{name}.ckpt").is_file():
            return found
    raise CheckpointError(f"{key}={ckpt} is neither a checkpoint nor a run's folder with {FOLDER}/ in it")


def find_checkpoints(run_dir: Path, which: str) -> list[Path]:
    """The checkpoints of a run in the order of their steps: `all` of them, the `last` or the `best`.

    Raises:
        ConfigError: another word than these.
        CheckpointError: there is none.
    """
    if which not in WHICH:
        raise ConfigError(f"which={which} does not work: it must be {', '.join(WHICH)}")
    found = list((run_dir / FOLDER).glob("[!.]*.ckpt" if which == "all" else f"{which}.ckpt"))
    if not found:
        wanted = "checkpoint" if which == "all" else f"{which}.ckpt"
        raise CheckpointError(f"run_dir={run_dir} has no {wanted} in {FOLDER}/")
    return sorted(found, key=lambda path: (load_checkpoint(path, mmap=True).get("global_step", 0), path.name))


def run_of(path: Path) -> Path | None:
    """The folder of the run that the checkpoint at `path` lies in; None for one that lies elsewhere."""
    return path.parent.parent if path.parent.name == FOLDER else None


def load_trained(path: Path, device: torch.device) -> Trained:
    """The model on `device`, in the memory format in which its run has measured it.

    Raises:
        CheckpointError: the file is broken, foreign, or does not fit its own config.
    """
    model, config = load_model(path)
    channels_last = config.get("trainer", {}).get("channels_last", False)
    switch_networks(model.to(device), device, compile=False, channels_last=channels_last)
    content = load_checkpoint(path, mmap=True)
    return Trained(path, model, config, content.get("global_step"), content.get("images_seen"))
