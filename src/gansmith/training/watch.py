"""What a run says about itself: a JSON object a line in `metrics.jsonl`, the same values to the loggers."""

import json
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from gansmith.atomic import replacing
from gansmith.errors import ConfigError


class Watch(Callback):
    """Takes the model's scalars every `every_n_steps` steps and at the last one.

    A line holds `step`, `images` (seen so far, over all ranks), `seconds` (wall time of training so far,
    evaluations included, the time between a kill and its resume left out), `images_per_second` and
    `data_wait` (share of the interval spent waiting for data; left out where the loader does not count
    `waited`), and the means of the model's scalars over the interval. Numbers that are not finite are null.

    Lines beyond the step at which training starts are dropped, so that the file of a resumed run is that of
    an uninterrupted one.

    Attributes:
        last: the newest line of training as Python numbers, empty before the first; rank 0 only.

    Raises:
        ConfigError: `every_n_steps` is not positive.
    """

    def __init__(self, run_dir: str | Path, every_n_steps: int = 50) -> None:
        if every_n_steps < 1:
            raise ConfigError(f"callbacks.watch.every_n_steps={every_n_steps}: must be at least 1")
        self.path = Path(run_dir) / "metrics.jsonl"
        self.every_n_steps = every_n_steps
        self.last: dict[str, float] = {}
        self._started = time.monotonic()
        self._interval = Interval(images=0, waited=None)

    @property
    def seconds(self) -> float:
        """Wall time of training so far, over all parts of a resumed run."""
        return time.monotonic() - self._started

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        earlier = rewind(self.path, trainer.global_step) if trainer.is_global_zero else 0.0
        self._started = time.monotonic() - earlier
        self._interval = Interval.begin(trainer)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        step = trainer.global_step
        if step % self.every_n_steps and step != trainer.max_steps:
            return
        # The means may be all-reduced: every rank takes them, and in taking them waits for the device,
        # which the interval's time has to include.
        scalars = pl_module.take_scalars()  # type: ignore[operator]
        values = {**scalars, **self._interval.rates(trainer)}
        self._interval = Interval.begin(trainer)
        if trainer.is_global_zero:
            self.last = self.record(trainer, values)

    # Not `log`: Lightning puts the model's own `log` on every callback.
    def record(self, trainer: Trainer, values: Mapping[str, float]) -> dict[str, float]:
        """Writes `values` at the current step to the file and the loggers; only rank 0 does.

        Returns:
            the line written: `values` after `step`, `images` and `seconds`; empty on other ranks.
        """
        if not trainer.is_global_zero:
            return {}
        step, images = trainer.global_step, images_seen(trainer)
        line = {"step": step, "images": images, "seconds": round(self.seconds, 3), **values}
        append(self.path, line)
        for logger in trainer.loggers:
            logger.log_metrics({"images": images, **values}, step=step)
        return line

    def skip(self, seconds: float) -> None:
        """Leaves `seconds` of other work out of the interval's rates."""
        self._interval.began += seconds


@dataclass
class Interval:
    """The stretch of training between two lines; `waited` in seconds, None where nobody counts it."""

    images: int
    waited: float | None
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def begin(cls, trainer: Trainer) -> "Interval":
        return cls(images_seen(trainer), getattr(trainer.train_dataloader, "waited", None))

    def rates(self, trainer: Trainer) -> dict[str, float]:
        """Images per second, and the share of time, in [0, 1], that went by waiting for data."""
        now = Interval.begin(trainer)
        seconds = max(now.began - self.began, 1e-9)
        rates = {"images_per_second": (now.images - self.images) / seconds}
        if now.waited is not None:
            rates["data_wait"] = min((now.waited - (self.waited or 0.0)) / seconds, 1.0)
        return rates


@contextmanager
def off_the_clock(trainer: Trainer) -> Iterator[None]:
    """Around work that is not training (evaluations, pictures): it does not lower images per second."""
    began = time.monotonic()
    try:
        yield
    finally:
        for callback in trainer.callbacks:  # type: ignore[attr-defined]
            if isinstance(callback, Watch):
                callback.skip(time.monotonic() - began)


def images_seen(trainer: Trainer) -> int:
    return int(trainer.lightning_module.images_seen)  # type: ignore[arg-type]


def append(path: Path, line: Mapping[str, float]) -> None:
    """Adds one line of valid JSON: NaN and infinities, which JSON lacks, become null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    finite = {key: value if math.isfinite(value) else None for key, value in line.items()}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(finite) + "\n")


def rewind(path: Path, step: int) -> float:
    """Drops lines beyond `step` and one that a kill cut short; returns the seconds of the last line kept."""
    if not path.exists():
        return 0.0
    texts = path.read_text(encoding="utf-8", errors="replace").splitlines()
    kept = [(text, line) for text in texts if (line := parse(text)) and line["step"] <= step]
    with replacing(path) as temporary:
        temporary.write_text("".join(f"{text}\n" for text, _ in kept), encoding="utf-8")
    return float(kept[-1][1]["seconds"]) if kept else 0.0


def parse(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except json.JSONDecodeError:
        return None
    return line if isinstance(line, dict) and {"step", "seconds"} <= line.keys() else None
