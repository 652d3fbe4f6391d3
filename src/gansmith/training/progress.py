"""One bar over all steps of a run; plain lines where nobody watches a terminal."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_only
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

from gansmith.training.watch import Watch

REFRESH_SECONDS = 0.25
LINE_SECONDS = 10.0

Report = Callable[[int, int], None]


class Bars(RichProgress):
    """A bar a task, and under them a line of values that a narrow terminal cuts before it cuts the bars."""

    status = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if self.status:
            yield Text(self.status, no_wrap=True, overflow="ellipsis")


class Progress(Callback):
    """Shows step, time left, images per second, both losses and the newest metric.

    The values are those that `Watch` took last, so that showing them never waits for the device. On a
    terminal it is a live bar, redrawn at most four times a second by the training loop itself: no thread
    that a forked data worker could inherit a held lock from. Elsewhere it is a plain line when `Watch` took
    new values and the line before is ten seconds old. Only rank 0 shows anything.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console
        self._bar: Bars | None = None
        self._training: TaskID | None = None
        self._shown = 0.0
        self._shown_step = 0.0
        self._first_step = 0
        self._began = 0.0

    @property
    def console(self) -> Console:
        # Made late: a console holds locks, and callbacks travel to spawned ranks by pickle.
        self._console = self._console or Console(stderr=True)
        return self._console

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._began = self._shown = time.monotonic()
        self._first_step = self._shown_step = trainer.global_step
        if trainer.is_global_zero and self.console.is_terminal:
            self._bar = self._open_bar()
            self._training = self._bar.add_task("training", total=trainer.max_steps, completed=trainer.global_step)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if not trainer.is_global_zero:
            return
        last_step = trainer.global_step == trainer.max_steps
        quiet = time.monotonic() - self._shown
        if self._bar is not None and self._training is not None:
            if quiet >= REFRESH_SECONDS or last_step:
                self._shown = time.monotonic()
                self._bar.status = describe(newest(trainer), metrics_of(pl_module))
                self._bar.update(self._training, completed=trainer.global_step, refresh=True)
        elif quiet >= LINE_SECONDS or last_step:
            self._print_line(trainer, pl_module)

    def _print_line(self, trainer: Trainer, pl_module: LightningModule) -> None:
        values = newest(trainer)
        if not values or values["step"] == self._shown_step:
            return
        step, total = trainer.global_step, trainer.max_steps
        self._shown, self._shown_step = time.monotonic(), values["step"]
        elapsed = self._shown - self._began
        left = elapsed / (step - self._first_step) * (total - step)
        status = describe(values, metrics_of(pl_module))
        self._say(f"step {step}/{total}  {clock(elapsed)} elapsed  {clock(left)} left  {status}")

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self.close()

    def close(self) -> None:
        """Takes the live bar down and gives the cursor back; may be called at any time."""
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._training = None

    @contextmanager
    def task(self, description: str, total: int) -> Iterator[Report]:
        """Shows a piece of work (an evaluation), beside the training bar if there is one, during the block.

        Gives a function `report(done, total)`; on other ranks than 0 it does nothing.
        """
        if rank_zero_only.rank != 0:  # type: ignore[attr-defined]
            yield lambda done, total: None
        elif self.console.is_terminal:
            with self._bar_task(description, total) as report:
                yield report
        else:
            yield self._line_task(description)

    @contextmanager
    def _bar_task(self, description: str, total: int) -> Iterator[Report]:
        bar = self._bar or self._open_bar()
        task = bar.add_task(description, total=total)
        shown = time.monotonic()

        def report(done: int, total: int) -> None:
            nonlocal shown
            refresh = time.monotonic() - shown >= REFRESH_SECONDS or done == total
            shown = time.monotonic() if refresh else shown
            bar.update(task, completed=done, total=total, refresh=refresh)

        try:
            yield report
        finally:
            bar.remove_task(task)
            if bar is not self._bar:
                bar.stop()

    def _line_task(self, description: str) -> Report:
        shown = time.monotonic()

        def report(done: int, total: int) -> None:
            nonlocal shown
            if time.monotonic() - shown >= LINE_SECONDS:
                shown = time.monotonic()
                self._say(f"{description}  {done}/{total}")

        return report

    def _open_bar(self) -> Bars:
        bar = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            auto_refresh=False,
        )
        bar.start()
        return bar

    def _say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)


def newest(trainer: Trainer) -> Mapping[str, float]:
    """What `Watch` took last; empty without one, or before its first interval is over."""
    watches = (callback for callback in trainer.callbacks if isinstance(callback, Watch))  # type: ignore[attr-defined]
    return next((watch.last for watch in watches), {})


def metrics_of(pl_module: LightningModule) -> Mapping[str, float]:
    return getattr(pl_module, "latest_metrics", {})


def describe(values: Mapping[str, float], metrics: Mapping[str, float]) -> str:
    """`512 images/s  D 0.693  G 0.81  fd_efficientnet_lite0 123.4`, without what is not known yet."""
    parts = [f"{values['images_per_second']:.0f} images/s"] if "images_per_second" in values else []
    for letter, key in (("D", "loss/discriminator"), ("G", "loss/generator"), ("E", "loss/encoder")):
        if key in values:
            parts.append(f"{letter} {values[key]:.3g}")
    parts += [f"{name} {value:.4g}" for name, value in list(metrics.items())[:1]]
    return "  ".join(parts)


def clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
