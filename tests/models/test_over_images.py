"""Settings that change with the images seen: rates, β2, weights of penalties and the average's half-life."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from lightning import Callback, Trainer
from torch import Tensor, nn
from torch.optim import SGD, Adam
from torch.testing import assert_close
from torch.utils.data import DataLoader

from gansmith.errors import ConfigError
from gansmith.models.gan import GAN
from gansmith.objectives.adversarial import Relativistic
from gansmith.objectives.penalties import R1
from gansmith.training.ema import EMA
from gansmith.training.ramps import Ramp
from gansmith.training.schedules import Schedule

ROWS, SIDES = 4, ("generator", "discriminator")


class Flat(nn.Module):
    """A linear generator or discriminator of pictures of two pixels."""

    def __init__(self, out: int) -> None:
        super().__init__()
        self.layer = nn.Linear(2, out, dtype=torch.float64)

    def forward(self, inputs: Tensor, label: Tensor | None = None) -> Tensor:
        output = self.layer(inputs.flatten(1))
        return output[:, None, None] if output.shape[1] == 2 else output.flatten()


def gan(**changes: Any) -> GAN:
    torch.manual_seed(0)
    settings = {
        "optimizer": dict.fromkeys(SIDES, partial(Adam, lr=0.1, betas=(0.0, 0.5))),
        "schedule": dict.fromkeys(SIDES, Schedule()),
        "lr_factor": dict.fromkeys(SIDES, Ramp(1.0, 0.25, 40)),
        "beta2": {"generator": Ramp(0.9, 0.99, 40), "discriminator": None},
        "penalty": {"r1": R1(Ramp(8.0, 2.0, 40))},
        "ema": EMA(Ramp(0.0, 16.0, 40), ramp_up=None),
    }
    return GAN(Flat(2), Flat(1), Relativistic(), latent=2, **{**settings, **changes})


class Look(Callback):
    """Writes down what held at each step."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, ...]] = []

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        discriminator, generator = (optimizer.param_groups[0] for optimizer in pl_module.optimizers())
        weight = pl_module.penalties["r1"].weight
        self.seen.append((generator["lr"], generator["betas"][1], discriminator["betas"][1], weight))


def train(model: GAN, steps: int, folder: Any, resume: str | None = None) -> tuple[Look, Trainer]:
    look = Look()
    rows = [{"image": torch.full((1, 1, 2), float(row), dtype=torch.float64)} for row in range(ROWS)]
    quiet = {"enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(
        accelerator="cpu", devices=1, max_epochs=-1, max_steps=steps, logger=False, precision="64-true",
        callbacks=[look], default_root_dir=folder, **quiet,
    )  # fmt: skip
    trainer.fit(model, DataLoader(rows, batch_size=ROWS), ckpt_path=resume, weights_only=False)
    return look, trainer


def test_each_setting_is_that_of_the_images_seen_before_the_step(tmp_path):
    look, _ = train(gan(), 12, tmp_path)
    for step, held in enumerate(look.seen):
        images = step * ROWS
        expected = (
            0.1 * Ramp(1.0, 0.25, 40).value(images),
            Ramp(0.9, 0.99, 40).value(images),
            0.5,
            Ramp(8.0, 2.0, 40).value(images),
        )
        assert held == pytest.approx(expected)


def test_a_run_that_goes_on_takes_the_steps_of_one_that_never_stopped(tmp_path):
    whole = gan()
    expected, _ = train(whole, 12, tmp_path)
    begun = gan()
    first, trainer = train(begun, 5, tmp_path)
    trainer.save_checkpoint(tmp_path / "half.ckpt")
    resumed = gan()
    second, _ = train(resumed, 12, tmp_path, str(tmp_path / "half.ckpt"))
    assert first.seen + second.seen == expected.seen
    assert_close(resumed.state_dict(), whole.state_dict(), rtol=0, atol=0)


def test_ramps_leave_no_trace_of_how_far_they_were(tmp_path):
    """What holds is a function of the images seen alone: a model that has been further on comes back."""
    model = gan()
    train(model, 12, tmp_path)
    model.images_seen = 0
    look, _ = train(model, 1, tmp_path)
    assert look.seen[0] == pytest.approx((0.1, 0.9, 0.5, 8.0))


def test_the_factor_over_images_multiplies_the_one_over_steps(tmp_path):
    look, _ = train(gan(schedule=dict.fromkeys(SIDES, Schedule("linear"))), 4, tmp_path)
    rates = [held[0] for held in look.seen]
    expected = [0.1 * (1 - step / 4) * Ramp(1.0, 0.25, 40).value(step * ROWS) for step in range(4)]
    assert rates == pytest.approx(expected)


def test_an_average_that_starts_at_no_half_life_is_the_newest_generator(tmp_path):
    model = gan(ema=EMA(Ramp(0.0, 1.0, 10**12), ramp_up=None))
    train(model, 3, tmp_path)
    assert_close(model.ema_generator.state_dict(), model.generator.state_dict())


def test_what_can_not_have_a_beta2_says_so(tmp_path):
    with pytest.raises(ConfigError, match=r"model\.beta2\.generator: SGD"):
        gan(optimizer=dict.fromkeys(SIDES, partial(SGD, lr=0.1))).build_optimizer("generator")
    with pytest.raises(ConfigError, match=r"model\.beta2\.generator goes from 0\.9 to 1\.0"):
        gan(beta2={"generator": Ramp(0.9, 1.0, 10)})
