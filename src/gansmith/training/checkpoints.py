"""Checkpoints that are whole or not there, and go on bit for bit."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import nn

from gansmith.atomic import replacing
from gansmith.errors import CheckpointError, ConfigError
from gansmith.training.distributed import broadcast_tensors, gather_objects, rank, world_size

KEPT = re.compile(r"step_(\d{8,})\.ckpt")
"""Names of the checkpoints that stay; the number is their step."""


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes beside the target and renames, so that a kill or a full disk never costs the previous file."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        try:
            with replacing(Path(path)) as temporary, temporary.open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                os.fsync(file.fileno())
        except (OSError, RuntimeError) as error:
            raise CheckpointError(f"{path} could not be written ({error}); the previous one is in place") from error

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = True) -> dict[str, Any]:
        return read(Path(path), map_location or "cpu")


def load_checkpoint(path: Path, map_location: Any = "cpu", mmap: bool = False) -> dict[str, Any]:
    """What the checkpoint at `path` holds.

    Raises:
        CheckpointError: no such file, half a file, or no checkpoint of this project.
    """
    checkpoint = read(path, map_location, mmap)
    if not isinstance(checkpoint, dict) or not {"state_dict", "config"} <= checkpoint.keys():
        raise CheckpointError(f"{path} is no checkpoint of gansmith: it has no weights with a config")
    if not isinstance(checkpoint["config"], dict) or not {"model", "data"} <= checkpoint["config"].keys():
        raise CheckpointError(f"{path} is no checkpoint of gansmith: its config names no model and data")
    return checkpoint


def read(path: Path, map_location: Any = "cpu", mmap: bool = False) -> Any:
    """Tensors and plain containers from `path`, nothing that could run code.

    Raises:
        CheckpointError: no such file, half a file, or something else in it.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no checkpoint {path}")
    try:
        return torch.load(path, map_location=map_location, weights_only=True, mmap=mmap)
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{path} can't be read as a checkpoint: {reason}") from error


def check_fits(model: nn.Module, state: dict[str, Any], path: Path) -> None:
    """Raises CheckpointError with the keys in which the weights `state` of `path` and `model` differ."""
    own = model.state_dict()
    differing = [f"{key} is missing" for key in own.keys() - state.keys()]
    differing += [f"{key} is unknown" for key in state.keys() - own.keys()]
    differing += [
        f"{key} is {tuple(state[key].shape)}, not {tuple(own[key].shape)}"
        for key in own.keys() & state.keys()
        if own[key].shape != state[key].shape
    ]
    if differing:
        raise CheckpointError(f"{path} does not fit the model: {first_few(sorted(differing))}")


def first_few(differing: list[str], few: int = 5) -> str:
    """As many as a line holds, and how many more there are."""
    more = [f"and {len(differing) - few} more"] if len(differing) > few else []
    return "; ".join([*differing[:few], *more])


class Checkpoints(Callback):
    """`checkpoints/last.ckpt` every `every_n_steps` steps and at the end, with all that a run needs to go on.

    Stands last among the callbacks: what the others did at a step is part of that step's checkpoint.

    Args:
        run_dir: the run's folder.
        config: the resolved config, plain containers; from it a model is built again.
        every_n_steps: interval in steps.
        keep_every_n_steps: interval of the checkpoints that stay, `checkpoints/step_00001000.ckpt`; None keeps none.

    Raises:
        ConfigError: an interval is not positive.
    """

    def __init__(
        self, run_dir: str, config: dict[str, Any], every_n_steps: int, keep_every_n_steps: int | None = None
    ) -> None:
        for key, value in (("every_n_steps", every_n_steps), ("keep_every_n_steps", keep_every_n_steps)):
            if value is not None and value < 1:
                raise ConfigError(f"callbacks.checkpoints.{key} is {value}; it counts steps, from 1")
        self.run_dir = Path(run_dir)
        self.folder = self.run_dir / "checkpoints"
        self.last = self.folder / "last.ckpt"
        self.config, self.every_n_steps, self.keep_every_n_steps = config, every_n_steps, keep_every_n_steps
        self._restored: list[dict[str, Any]] | None = None

    def on_train_start(self, trainer: Trainer, *_: Any) -> None:
        """Removes what a process that was killed while it wrote left behind, and what was kept of later steps."""
        if trainer.is_global_zero:
            for leftover in self.run_dir.rglob(".*.tmp"):
                leftover.unlink(missing_ok=True)
            for path in self.folder.glob("step_*.ckpt"):
                if (named := KEPT.fullmatch(path.name)) and int(named[1]) > trainer.global_step:
                    path.unlink()

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        step = trainer.global_step
        if self.keep_every_n_steps is not None and step % self.keep_every_n_steps == 0:
            trainer.save_checkpoint(self.folder / f"step_{step:08d}.ckpt", weights_only=False)
        if step % self.every_n_steps == 0 or step == trainer.max_steps or trainer.should_stop:
            trainer.save_checkpoint(self.last, weights_only=False)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        # Batch statistics of ranks differ; rank 0's are what the checkpoint holds, so the others take them too.
        broadcast_tensors(pl_module.buffers())
        checkpoint["config"] = self.config
        checkpoint["random_states"] = gather_objects(random_state())

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        self._restored = checkpoint["random_states"]

    def on_train_batch_start(self, trainer: Trainer, *_: Any) -> None:
        # Not earlier: creating the loader's iterator may draw from the global state.
        if self._restored is not None and len(self._restored) == world_size():
            set_random_state(self._restored[rank()])
        self._restored = None


def random_state() -> dict[str, Any]:
    """The state of Python's, NumPy's, torch's and every GPU's global generator, as tensors and numbers."""
    version, words, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state()  # noqa: NPY002
    return {
        "python": {"version": version, "words": torch.tensor(words, dtype=torch.int64), "gauss": gauss},
        "numpy": {
            "name": str(name),
            "keys": torch.from_numpy(np.asarray(keys).astype(np.int64)),
            "position": int(position),
            "has_gauss": int(has_gauss),
            "cached": float(cached),
        },
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_random_state(state: dict[str, Any]) -> None:
    """The inverse of `random_state`."""
    python, numpy = state["python"], state["numpy"]
    random.setstate((python["version"], tuple(python["words"].tolist()), python["gauss"]))
    keys = numpy["keys"].numpy().astype(np.uint32)
    np.random.set_state((numpy["name"], keys, numpy["position"], numpy["has_gauss"], numpy["cached"]))  # noqa: NPY002
    torch.set_rng_state(state["torch"].cpu())
    if state["cuda"] and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([cuda.cpu() for cuda in state["cuda"]])
