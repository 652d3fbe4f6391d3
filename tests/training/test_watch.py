import json
import math
import time
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import Logger
from torch import nn

from gansmith.errors import ConfigError
from gansmith.training.watch import Watch, off_the_clock, rewind

CLOCKS = {"seconds", "images_per_second", "data_wait"}


class Loader:
    """Batches that say which one they are; `waited` grows by a fixed share of nothing."""

    def __init__(self, waited=None):
        if waited is not None:
            self.waited = waited

    def __iter__(self):
        while True:
            yield {"image": torch.zeros(4, 1, 2, 2)}


class Model(LightningModule):
    """One step a batch; its scalar is the mean of the steps' numbers since it was last taken."""

    def __init__(self, poison=None):
        super().__init__()
        self.automatic_optimization = False
        self.layer = nn.Linear(1, 1)
        self.images_seen, self.poison, self.seen = 0, poison, []

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def training_step(self, batch, batch_idx):
        self.optimizers().step()
        self.images_seen += len(batch["image"])
        self.seen.append(float(self.trainer.global_step))

    def take_scalars(self):
        mean, self.seen = sum(self.seen) / len(self.seen), []
        return {"loss/generator": math.nan if self.trainer.global_step == self.poison else mean}

    def on_save_checkpoint(self, checkpoint):
        checkpoint["images_seen"] = self.images_seen

    def on_load_checkpoint(self, checkpoint):
        self.images_seen = checkpoint["images_seen"]


class Memory(Logger):
    name, version = "memory", "0"

    def __init__(self):
        super().__init__()
        self.lines = []

    def log_metrics(self, metrics, step=None):
        self.lines.append((step, dict(metrics)))

    def log_hyperparams(self, params):
        pass


def fit(run_dir, steps, *others, model=None, every=10, loader=None, logger=False, ckpt_path=None):
    watch = Watch(run_dir, every_n_steps=every)
    trainer = Trainer(
        max_steps=steps,
        callbacks=[watch, *others],
        logger=logger,
        accelerator="cpu",
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run_dir,
    )
    trainer.fit(model or Model(), loader or Loader(), ckpt_path=ckpt_path)
    return watch, trainer


def lines(run_dir):
    return [json.loads(text) for text in (run_dir / "metrics.jsonl").read_text().splitlines()]


def timeless(run_dir):
    return [{key: value for key, value in line.items() if key not in CLOCKS} for line in lines(run_dir)]


def test_a_line_holds_the_means_since_the_line_before(tmp_path):
    fit(tmp_path, 25)
    assert timeless(tmp_path) == [
        {"step": 10, "images": 40, "loss/generator": 5.5},
        {"step": 20, "images": 80, "loss/generator": 15.5},
        {"step": 25, "images": 100, "loss/generator": 23.0},
    ]


def test_last_is_the_newest_line(tmp_path):
    watch, _ = fit(tmp_path, 25)
    assert json.loads(json.dumps(watch.last)) == lines(tmp_path)[-1]


def test_loggers_get_the_same_values_on_the_same_axis(tmp_path):
    logger = Memory()
    fit(tmp_path, 20, logger=logger)
    expected = [
        (line.pop("step"), {key: value for key, value in line.items() if key != "seconds"}) for line in lines(tmp_path)
    ]
    assert logger.lines == expected


def test_not_a_number_is_null_and_the_file_stays_strict_json(tmp_path):
    fit(tmp_path, 20, model=Model(poison=20))
    text = (tmp_path / "metrics.jsonl").read_text()

    def refuse(constant):
        raise AssertionError(constant)

    values = [json.loads(line, parse_constant=refuse)["loss/generator"] for line in text.splitlines()]
    assert values == [5.5, None]


def test_evaluations_are_lines_of_their_own(tmp_path):
    watch, trainer = fit(tmp_path, 10)
    watch.record(trainer, {"fd": 12.5})
    assert timeless(tmp_path)[-1] == {"step": 10, "images": 40, "fd": 12.5}
    assert "fd" not in watch.last


def test_a_resumed_run_leaves_the_file_of_an_uninterrupted_one(tmp_path):
    class SaveAt20(Callback):
        def on_train_batch_end(self, trainer, *_):
            if trainer.global_step == 20:
                trainer.save_checkpoint(tmp_path / "last.ckpt")

    whole, parted = tmp_path / "whole", tmp_path / "parted"
    fit(whole, 50)
    fit(parted, 37, SaveAt20())
    with (parted / "metrics.jsonl").open("a") as file:
        file.write('{"step": 40, "ima')
    fit(parted, 50, ckpt_path=tmp_path / "last.ckpt")
    assert timeless(parted) == timeless(whole)
    assert [line["seconds"] for line in lines(parted)] == sorted(line["seconds"] for line in lines(parted))


def test_a_run_that_starts_anew_drops_what_its_folder_held(tmp_path):
    fit(tmp_path, 30)
    fit(tmp_path, 20)
    assert [line["step"] for line in lines(tmp_path)] == [10, 20]


def test_rewind_keeps_the_lines_up_to_the_step_as_they_are(tmp_path):
    path = tmp_path / "metrics.jsonl"
    kept = '{"step": 10, "seconds": 1.5}\n{"step": 20, "seconds": 3.25,  "odd": null}\n'
    path.write_text(kept + '{"step": 30, "seconds": 9.0}\n{"step": 4')
    assert rewind(path, 20) == 3.25
    assert path.read_text() == kept
    assert [entry.name for entry in tmp_path.iterdir()] == ["metrics.jsonl"]


@pytest.mark.parametrize("cut", ["", "{", '{"step": 20, "seco', "\x00\x00\x00", "7", '{"step": 20}'])
def test_rewind_drops_a_line_that_a_kill_cut_short(tmp_path, cut):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 10, "seconds": 1.5}\n' + cut)
    assert rewind(path, 20) == 1.5
    assert path.read_text() == '{"step": 10, "seconds": 1.5}\n'


def test_rewind_without_a_file_starts_at_zero(tmp_path):
    assert rewind(tmp_path / "metrics.jsonl", 20) == 0.0
    assert not list(tmp_path.iterdir())


def test_a_failing_rewrite_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 10, "seconds": 1.5}\n{"step": 30, "seconds": 2.5}\n')
    before = path.read_text()

    def full(self, text, **_):
        with self.open("w") as file:
            file.write(text[:5])
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        rewind(path, 20)
    assert path.read_text() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["metrics.jsonl"]


def test_seconds_go_on_from_the_last_line(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 0, "seconds": 1000.0}\n')
    watch, _ = fit(tmp_path, 10)
    assert 1000.0 < watch.last["seconds"] < 1060.0


def test_other_work_does_not_lower_images_per_second(tmp_path):
    class Evaluation(Callback):
        def on_train_batch_end(self, trainer, *_):
            if trainer.global_step == 5:
                with off_the_clock(trainer):
                    time.sleep(0.5)

    watch, _ = fit(tmp_path, 10, Evaluation())
    assert watch.last["seconds"] > 0.5
    assert watch.last["images_per_second"] > 10 * 4 / (watch.last["seconds"] - 0.45)


def test_data_wait_is_a_share_and_is_left_out_where_nobody_counts(tmp_path):
    class Slow(Loader):
        def __iter__(self):
            for batch in super().__iter__():
                time.sleep(0.01)
                self.waited += 0.01
                yield batch

    watch, _ = fit(tmp_path / "slow", 10, loader=Slow(waited=100.0))
    assert 0.2 < watch.last["data_wait"] <= 1.0
    watch, _ = fit(tmp_path / "plain", 10)
    assert "data_wait" not in watch.last


def test_other_ranks_take_the_scalars_but_write_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "is_global_zero", property(lambda self: False))
    model = Model()
    watch, trainer = fit(tmp_path, 20, model=model)
    watch.record(trainer, {"fd": 1.0})
    assert model.seen == []
    assert not (tmp_path / "metrics.jsonl").exists()


def test_an_interval_of_zero_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"callbacks\.watch\.every_n_steps=0"):
        Watch(tmp_path, every_n_steps=0)
