"""A picture of how a run is doing, at intervals, as a PNG file."""

import re
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger
from PIL import Image
from torch import Tensor

from gansmith.atomic import replacing
from gansmith.errors import ConfigError
from gansmith.training.watch import off_the_clock


class Pictures(Callback):
    """Writes `run_dir/samples/step_00001000.png` every `every_n_steps` steps and at the last one; a subclass draws.

    Pictures of steps beyond the one at which training starts are removed. Rank 0 does it all.

    Args:
        run_dir: the run's folder.
        every_n_steps: interval in steps.
        count: samples shown.
        seed: of whatever is random in them.

    Attributes:
        latest: the newest picture's path, None before the first; rank 0 only.

    Raises:
        ConfigError: a number is not positive.
    """

    def __init__(self, run_dir: str | Path, every_n_steps: int, count: int, seed: int) -> None:
        for key, value in {"every_n_steps": every_n_steps, "count": count}.items():
            if value < 1:
                raise ConfigError(f"callbacks.samples.{key}={value}: must be at least 1")
        self.folder = Path(run_dir) / "samples"
        self.every_n_steps = every_n_steps
        self.count = count
        self.seed = seed
        self.latest: Path | None = None

    def check_model(self, model: Any) -> None:
        """Raises ConfigError if the model does not make what is drawn."""

    def draw(self, trainer: Trainer, pl_module: LightningModule) -> Tensor:
        """The picture of the current step, uint8 (1 or 3, H, W) in memory."""
        raise NotImplementedError

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.check_model(pl_module)
        if not trainer.is_global_zero:
            return
        for path in sorted(self.folder.glob("step_*.png")):
            if named := re.fullmatch(r"step_(\d{8,})\.png", path.name):
                if int(named[1]) > trainer.global_step:
                    path.unlink()
                else:
                    self.latest = path

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        step = trainer.global_step
        due = step % self.every_n_steps == 0 or step == trainer.max_steps
        if due and trainer.is_global_zero:
            with off_the_clock(trainer):
                self.write(trainer, pl_module)

    def write(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draws, saves, and sends the picture to the loggers that take pictures."""
        step = trainer.global_step
        picture = self.draw(trainer, pl_module)
        self.latest = self.folder / f"step_{step:08d}.png"
        save_picture(picture, self.latest)
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                logger.log_image("samples", [str(self.latest)], step=step)
            elif isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image("samples", picture, step)


def save_picture(picture: Tensor, path: str | Path) -> None:
    """Writes uint8 (1 or 3, H, W) in memory as PNG; a failure leaves the old file."""
    pixels = picture[0] if len(picture) == 1 else picture.permute(1, 2, 0)
    with replacing(Path(path)) as temporary:
        Image.fromarray(pixels.contiguous().numpy()).save(temporary, format="PNG")
