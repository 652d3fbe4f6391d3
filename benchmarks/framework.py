"""Training as src/train.py does it: its config, its builders, its callbacks; no logger, no evaluation."""

from __future__ import annotations

import contextlib
import io
import logging
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from lightning import Callback, Trainer, seed_everything
from torch import nn

from gansmith.config import register_resolvers, to_plain
from gansmith.experiment import NETWORK_SWITCHES, build_callbacks, build_data, build_model, switch_networks
from gansmith.models.adversarial import AdversarialModel
from gansmith.training.trainer import build_trainer

CONF = Path(__file__).resolve().parent.parent / "conf"
WARM_UP = 4


@dataclass(frozen=True)
class Stretch:
    """Some steps in a row: their number, their seconds, and how many of these went by waiting for data."""

    steps: int
    seconds: float
    waited: float


class Framework:
    """A command line of src/train.py, ready to be trained again and again.

    Args:
        *overrides: of the command line.
        device: `cpu` or `cuda`.
    """

    def __init__(self, *overrides: str, device: str = "cpu") -> None:
        register_resolvers()
        # The plain loop is contiguous; what the other memory format gains is a row of its own.
        fixed = ["logger=none", "metrics=none", "trainer.channels_last=false"]
        fixed.append(f"trainer={'gpu' if device == 'cuda' else 'cpu'}")
        with initialize_config_dir(str(CONF), version_base="1.3"):
            self.config = compose("train", [*fixed, *overrides])
        self.config.run_dir = "."
        self.data = build_data(self.config)
        self.data.setup()

    def build(self) -> AdversarialModel:
        """The untrained model, the same each time."""
        seed_everything(self.config.seed, verbose=False)
        return build_model(to_plain(self.config))

    def train(self, model: AdversarialModel, steps: int, *further: Callback) -> Trainer:
        """`steps` steps as `gansmith.experiment.run` makes them, with `further` callbacks behind its own."""
        with TemporaryDirectory() as run_dir, _silence():
            self.config.run_dir, self.config.trainer.max_steps = run_dir, steps
            plain = to_plain(self.config)
            switches = {key: plain["trainer"].pop(key) for key in NETWORK_SWITCHES}
            trainer = build_trainer(
                **plain["trainer"],
                callbacks=[*build_callbacks(self.config, plain), *further],
                run_dir=run_dir,
                has_batchnorm=any(isinstance(module, nn.BatchNorm2d) for module in model.modules()),
            )
            switch_networks(model, trainer.strategy.root_device, **switches)
            trainer.fit(model, datamodule=self.data)
        return trainer

    def measure(self, steps: int) -> Stretch:
        """`steps` steps from the middle of a longer training. Raises RuntimeError if a signal ends that before."""
        stopwatch = Stopwatch(WARM_UP, WARM_UP + steps)
        try:
            self.train(self.build(), 1_000_000, stopwatch)
        except Measured:
            return stopwatch.stretch
        raise RuntimeError("training was stopped before it was measured")


class Measured(Exception):
    """Ends a training without the checkpoint and the samples of a last step."""


class Stopwatch(Callback):
    """Stands last among the callbacks: what the others do at a step is part of that step."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last
        self._began = self._waited = 0.0
        self.stretch = Stretch(0, 0.0, 0.0)

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        if trainer.global_step not in (self.first, self.last):
            return
        now, waited = moment(pl_module.device), trainer.train_dataloader.waited  # type: ignore[union-attr]
        self.stretch = Stretch(self.last - self.first, now - self._began, waited - self._waited)
        self._began, self._waited = now, waited
        if trainer.global_step == self.last:
            raise Measured


def moment(device: torch.device) -> float:
    """Now, in seconds, with all work on `device` done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
