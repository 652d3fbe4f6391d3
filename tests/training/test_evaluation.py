"""What is measured when, and which weights that picks."""

from functools import partial
from itertools import count

import pytest
import torch
from lightning import Callback, Trainer
from torch import nn
from torch.optim import SGD

from gansmith.data.base import DataModule
from gansmith.data.tasks.task import Task
from gansmith.errors import ConfigError, DataError
from gansmith.metrics.paired import PairedProtocol
from gansmith.metrics.protocol import Protocol
from gansmith.models.translation import Translation
from gansmith.training.evaluation import Evaluation
from gansmith.training.recorder import Recorder
from gansmith.training.schedules import Schedule

PROTOCOL = PairedProtocol("test", metrics=("psnr", "l1"), during_samples=2)
CONFIG = {"model": {"name": "shift"}, "data": {"name": "greys", "resolution": 8}, "seed": 0}


class Darkened(Task):
    """The source is 20 grey values darker."""

    def __init__(self):
        super().__init__(1, 1)

    def derive(self, fields, draws):
        return {"source": fields["image"] - 40 / 255, "target": fields["image"]}


class Examples:
    fingerprint = "greys"
    paired = True

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return {"image": torch.full((1, 8, 8), 100 + index, dtype=torch.uint8)}


class Data(DataModule):
    name, seed, fields = "greys", 0, ("image",)

    def __init__(self, count=5):
        super().__init__()
        self.count, self.task = count, Darkened()

    def examples(self, split):
        if not self.count:
            raise DataError("greys has no pictures for its test split")
        return Examples(self.count)

    def train_dataloader(self):
        image = torch.full((2, 1, 8, 8), 100, dtype=torch.uint8)
        return ({"image": image} for _ in count())


class Shift(nn.Module):
    """Adds a number of grey values that the test sets."""

    multiple = scale = 1

    def __init__(self):
        super().__init__()
        self.values = nn.Parameter(torch.zeros(()))

    def forward(self, source):
        return source + 2 * self.values / 255


class Model(Translation):
    def __init__(self, shifts):
        super().__init__(
            Shift(),
            nn.Conv2d(1, 1, 1),
            optimizer=dict.fromkeys(self.sides, partial(SGD, lr=0.0)),
            schedule=dict.fromkeys(self.sides, Schedule()),
            name="shift",
        )
        self.shifts = shifts

    def discriminator_loss(self, batch):
        return {"nothing": 0 * self.discriminator(batch["target"]).mean()}

    def generator_loss(self, batch):
        self.generator.values.data.fill_(self.shifts[self.global_step])
        return {"nothing": 0 * self.generator(batch["source"]).mean()}

    def details(self):
        return {"perceptual": "none"}


def fit(tmp_path, protocol=PROTOCOL, data=None, shifts=(0, 0, 0, 12, 0, 7), callbacks=()):
    evaluation = Evaluation(protocol, str(tmp_path), every_n_steps=2, cache_dir=str(tmp_path / "cache"))
    model = Model(shifts)
    trainer = Trainer(
        max_steps=len(shifts),
        max_epochs=-1,
        callbacks=[evaluation, *callbacks],
        logger=False,
        accelerator="cpu",
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, datamodule=data or Data())
    return evaluation, model


class WithConfig(Callback):
    def on_save_checkpoint(self, trainer, pl_module, checkpoint):
        checkpoint["config"] = {"model": {}, "data": {}}


def l1(shift):
    return pytest.approx(abs(20 - shift) / 255)


def test_best_and_last_are_measured_in_full_and_beside_the_inputs(tmp_path):
    """Shifts of 0, 12 and 7 at the evaluations: 12 comes nearest to the 20 that are missing."""
    evaluation, model = fit(tmp_path, callbacks=[WithConfig()])
    assert (evaluation.final["best"]["step"], evaluation.final["last"]["step"]) == (4, 6)
    best, last = (evaluation.final[which]["metrics"] for which in ("best", "last"))
    assert best.keys() == {"psnr", "l1", "input_psnr", "input_l1"}
    assert (best["l1"], last["l1"]) == (l1(12), l1(7))
    assert best["input_l1"] == last["input_l1"] == l1(0)
    assert model.generator.values == 7


def test_inputs_are_not_measured_in_the_course_of_training(tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr(PairedProtocol, "measure_inputs", lambda *_, **__: lines.append("inputs") or {})
    measured = PairedProtocol.measure

    def measure(protocol, *arguments, **keywords):
        lines.append(protocol.samples)
        return measured(protocol, *arguments, **keywords)

    monkeypatch.setattr(PairedProtocol, "measure", measure)
    _, model = fit(tmp_path, shifts=(0, 1, 0, 2), callbacks=[WithConfig()])
    assert lines == [2, 2, "inputs", None]
    assert model.latest_metrics.keys() == {"psnr", "l1"}


def test_the_record_says_what_was_measured_and_what_the_model_says_of_itself(tmp_path):
    class Special(Evaluation):
        """Found by what it is, not by its name."""

    evaluation, model = fit(tmp_path, callbacks=[WithConfig()])
    evaluation.__class__ = Special
    record = Recorder({**CONFIG, "run_dir": str(tmp_path)}).record(model.trainer, model)
    assert record.details == {"perceptual": "none"}
    assert (record.protocol["name"], record.protocol["hash"]) == ("test", PROTOCOL.hash)
    assert (record.best.step, record.last.step) == (4, 6)
    assert record.best.metrics["input_l1"] == l1(0)


@pytest.mark.parametrize(
    ("protocol", "data", "error", "message"),
    [
        (Protocol("fast"), Data(), ConfigError, "model=shift translates pictures: take metrics=paired"),
        (PROTOCOL, Data(0), DataError, "no pictures for its test split"),
        (PairedProtocol("test", crop_border=4), Data(), ConfigError, r"metrics\.crop_border=4 leaves nothing"),
    ],
)
def test_what_can_not_be_measured_stops_a_run_before_its_training(tmp_path, protocol, data, error, message):
    steps = []

    class Watch(Callback):
        def on_train_batch_start(self, *_):
            steps.append(1)

    with pytest.raises(error, match=message):
        fit(tmp_path, protocol, data, callbacks=[Watch()])
    assert steps == []
