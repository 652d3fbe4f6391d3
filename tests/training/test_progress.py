import io
import pickle

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_only
from rich.console import Console
from torch import nn

from gansmith.training import progress as module
from gansmith.training.progress import Progress, describe
from gansmith.training.watch import Watch

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


class Model(LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.layer = nn.Linear(1, 1)
        self.images_seen, self.latest_metrics = 0, {"fd_tiny": 123.456, "kd_tiny": 9.0}

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def training_step(self, batch, batch_idx):
        self.optimizers().step()
        self.images_seen += 1

    def take_scalars(self):
        return {"loss/discriminator": 0.6931, "loss/generator": 1.25}


class Fail(Callback):
    def __init__(self, error):
        self.error = error

    def on_train_batch_end(self, trainer, *_):
        if trainer.global_step == 7:
            raise self.error


def screen(terminal, width=160):
    return Console(file=io.StringIO(), force_terminal=terminal, width=width)


def fit(console, run_dir, *others, steps=20):
    callback = Progress(console)
    trainer = Trainer(
        max_steps=steps,
        callbacks=[Watch(run_dir, every_n_steps=5), callback, *others],
        logger=False,
        accelerator="cpu",
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Model(), torch.utils.data.DataLoader(torch.zeros(100, 1), batch_size=1))
    return console.file.getvalue()


def test_the_bar_ends_at_the_last_step_with_the_newest_values(tmp_path):
    shown = fit(screen(terminal=True), tmp_path)
    assert "20/20" in shown
    assert "D 0.693  G 1.25  fd_tiny 123.5" in shown
    assert "images/s" in shown
    assert "kd_tiny" not in shown


def test_the_bar_is_drawn_at_most_four_times_a_second(tmp_path):
    assert fit(screen(terminal=True), tmp_path, steps=40).count("/40") <= 4


def test_the_cursor_comes_back(tmp_path):
    shown = fit(screen(terminal=True), tmp_path)
    assert shown.rindex(SHOW) > shown.rindex(HIDE)


@pytest.mark.parametrize(("error", "seen"), [(RuntimeError, RuntimeError), (KeyboardInterrupt, SystemExit)])
def test_the_cursor_comes_back_after_failures_and_interrupts(tmp_path, error, seen):
    console = screen(terminal=True)
    with pytest.raises(seen):
        fit(console, tmp_path, Fail(error()))
    shown = console.file.getvalue()
    assert HIDE in shown
    assert shown.rindex(SHOW) > shown.rindex(HIDE)


def test_without_a_terminal_there_are_plain_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LINE_SECONDS", 0.0)
    shown = fit(screen(terminal=False), tmp_path)
    assert "\x1b" not in shown
    assert [line.split("  ")[0] for line in shown.splitlines()] == [f"step {step}/20" for step in (5, 10, 15, 20)]
    assert "0:00:00 left" in shown.splitlines()[-1]
    assert shown.splitlines()[-1].endswith("D 0.693  G 1.25  fd_tiny 123.5")


def test_plain_lines_are_not_more_often_than_every_ten_seconds(tmp_path):
    assert [line.split("  ")[0] for line in fit(screen(terminal=False), tmp_path).splitlines()] == ["step 20/20"]


def test_a_plain_line_is_never_wrapped(tmp_path):
    assert len(fit(screen(terminal=False, width=20), tmp_path).splitlines()) == 1


def test_other_ranks_show_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "is_global_zero", property(lambda self: False))
    monkeypatch.setattr(rank_zero_only, "rank", 1)
    assert fit(screen(terminal=True), tmp_path) == ""
    assert fit(screen(terminal=False), tmp_path) == ""
    console = screen(terminal=True)
    with Progress(console).task("evaluation", 10) as report:
        report(5, 10)
    assert console.file.getvalue() == ""


def test_a_task_shows_beside_the_training_bar_which_stays(tmp_path):
    class Evaluate(Callback):
        def on_train_batch_end(self, trainer, *_):
            if trainer.global_step == 7:
                with trainer.callbacks[1].task("evaluation", 50) as report:
                    report(50, 50)

    shown = fit(screen(terminal=True), tmp_path, Evaluate())
    assert "evaluation" in shown
    assert "50/50" in shown
    assert shown.index("50/50") < shown.index("20/20")


def test_a_task_outside_of_training_has_a_bar_of_its_own():
    console = screen(terminal=True)

    def work():
        with Progress(console).task("evaluation", 50) as report:
            report(50, 50)
            raise RuntimeError("work failed")

    with pytest.raises(RuntimeError, match="work failed"):
        work()
    shown = console.file.getvalue()
    assert "50/50" in shown
    assert shown.rindex(SHOW) > shown.rindex(HIDE)


def test_a_task_without_a_terminal_says_where_it_is(monkeypatch):
    monkeypatch.setattr(module, "LINE_SECONDS", 0.0)
    console = screen(terminal=False)
    with Progress(console).task("evaluation", 50) as report:
        report(10, 50)
    assert console.file.getvalue() == "evaluation  10/50\n"


def test_what_is_not_known_yet_is_left_out():
    assert describe({}, {}) == ""
    assert describe({"images_per_second": 511.7, "loss/generator": 0.5}, {}) == "512 images/s  G 0.5"
    assert describe({"loss/discriminator": float("nan")}, {}) == "D nan"


def test_it_travels_to_spawned_ranks():
    assert isinstance(pickle.loads(pickle.dumps(Progress())), Progress)
