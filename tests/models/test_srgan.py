"""SRGAN's two stages: who steps when, on which loss, at which rate; and that a break changes nothing."""

from __future__ import annotations

import itertools
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Callback, LightningDataModule, Trainer
from torch import Tensor, nn
from torch.nn.functional import l1_loss, softplus
from torch.optim import Adam

from gansmith.errors import ConfigError
from gansmith.models.srgan import SRGAN
from gansmith.networks.srresnet import SRResNet
from gansmith.objectives.adversarial import CrossEntropy, RelativisticAverage
from gansmith.objectives.penalties import R1
from gansmith.objectives.perceptual import PerceptualLoss
from gansmith.objectives.reconstruction import AbsoluteError, SquaredError
from gansmith.objectives.sharpen import UnsharpMask
from gansmith.training.checkpoints import Checkpoints
from gansmith.training.ema import EMA
from gansmith.training.schedules import Schedule
from gansmith.training.stages import Halvings, KeepStage, Stages

ROWS, SIDE, SCALE, SWITCH = 4, 16, 2, 3
WEIGHT = {"pixel": 0.01, "perceptual": 1.0, "adversarial": 0.005}
QUIET = {
    "accelerator": "cpu", "devices": 1, "max_epochs": -1, "logger": False, "enable_checkpointing": False,
    "enable_progress_bar": False, "enable_model_summary": False,
}  # fmt: skip


class Pairs(LightningDataModule):
    """Batch k is a function of k."""

    def batch(self, step: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(step)
        target = torch.rand(ROWS, 3, SIDE, SIDE, generator=generator, dtype=torch.float64) * 2 - 1
        return {"source": nn.functional.avg_pool2d(target, SCALE), "target": target}

    def __iter__(self):
        return map(self.batch, itertools.count(self.trainer.global_step))

    def train_dataloader(self) -> Pairs:
        return self


class Critic(nn.Module):
    """Logits of patches (n, 1, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 4, 2, 1))

    def forward(self, picture: Tensor) -> Tensor:
        return self.layers(picture)


def srgan(kind: type[SRGAN] = SRGAN, **changes: Any) -> SRGAN:
    torch.manual_seed(0)
    stages = Stages("cosine", switch=max(changes.get("pretrain_steps", SWITCH), 0), then=Halvings([0.5], first=0.5))
    settings = {
        "generator": SRResNet(3, 3, SCALE, features=4, blocks=1),
        "discriminator": Critic(),
        "loss": CrossEntropy(),
        "pixel": AbsoluteError(),
        "perceptual": PerceptualLoss("efficientnet_lite0", {"stem": 1.0}),
        "weight": WEIGHT,
        "pretrain_steps": SWITCH,
        "optimizer": dict.fromkeys(("generator", "discriminator"), partial(Adam, lr=1e-3, betas=(0.9, 0.99))),
        "schedule": dict.fromkeys(("generator", "discriminator"), stages),
        "ema": EMA(half_life=20),
        "share_fakes": True,
    }
    return kind(**{**settings, **changes}).double()


def train(model: SRGAN, steps: int, *callbacks: Callback, ckpt: Any = None, folder: Any = None) -> Trainer:
    trainer = Trainer(**QUIET, max_steps=steps, callbacks=list(callbacks), default_root_dir=folder)
    trainer.fit(model, datamodule=Pairs(), ckpt_path=ckpt)
    return trainer


def weights(network: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def steps_of_adam(model: SRGAN) -> int:
    """How many the generator's optimizer remembers."""
    return int(model.optimizers()[1].optimizer.state_dict()["state"][0]["step"])


class After(Callback):
    """Calls a function after each step."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        self.function(pl_module)


class Recorded(SRGAN):
    """Writes down which losses were asked for, with their terms."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.asked: list[tuple[int, str, dict[str, float]]] = []

    def generator_loss(self, batch):
        terms = super().generator_loss(batch)
        self.asked.append((self.global_step, "generator", {name: term.item() for name, term in terms.items()}))
        return terms

    def discriminator_loss(self, batch):
        terms = super().discriminator_loss(batch)
        self.asked.append((self.global_step, "discriminator", {name: term.item() for name, term in terms.items()}))
        return terms


# Who steps when


def test_the_generator_learns_alone_and_then_steps_first():
    model = srgan(Recorded)
    trainer = train(model, 5)
    turns = [(step, side) for step, side, _ in model.asked]
    both = [(step, side) for step in (3, 4) for side in ("generator", "discriminator")]
    assert turns == [(0, "generator"), (1, "generator"), (2, "generator"), *both]
    assert trainer.global_step == 5
    assert model.images_seen == 5 * ROWS


def test_the_discriminator_does_not_move_in_the_first_stage():
    model, seen = srgan(), []
    before = weights(model.discriminator)
    train(model, 5, After(lambda module: seen.append(torch.equal(weights(module.discriminator), before))))
    assert seen == [True, True, True, False, False]


@pytest.mark.parametrize(("switch", "alone"), [(0, 0), (4, 4), (9, 4)])
def test_either_stage_may_be_the_whole_run(switch, alone):
    model = srgan(Recorded, pretrain_steps=switch)
    train(model, 4)
    assert [side for _, side, _ in model.asked].count("discriminator") == 4 - alone


def test_a_run_without_an_adversarial_step_says_so(caplog):
    train(srgan(pretrain_steps=9), 1)
    assert "no adversarial step comes after model.pretrain_steps" in caplog.text


def test_each_stage_has_its_learning_rate():
    rates = []
    look = After(lambda module: rates.append([optimizer.param_groups[0]["lr"] for optimizer in module.optimizers()]))
    train(srgan(), 7, look)
    cosine = [1e-3 * Schedule("cosine").factor(step, SWITCH) for step in range(SWITCH)]
    for side in zip(*rates):
        assert side == pytest.approx([*cosine, 5e-4, 5e-4, 2.5e-4, 2.5e-4])


def test_the_second_stage_begins_as_a_run_of_its_own():
    """From the average, with a fresh optimizer: its first step is that of a new run from the kept weights."""
    two_stages = srgan()
    train(two_stages, SWITCH)
    pretrained = two_stages.sampler.state_dict()

    second = srgan(pretrain_steps=0, ema=None)
    second.generator.load_state_dict(pretrained)
    shift = Pairs.batch
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pairs, "batch", lambda self, step: shift(self, step + SWITCH))
        train(second, 1)

    whole = srgan()
    counts = []
    train(whole, SWITCH + 1, After(lambda module: counts.append(steps_of_adam(module))))
    assert counts == [1, 2, 3, 1]
    torch.testing.assert_close(weights(whole.generator), weights(second.generator), rtol=0, atol=1e-12)
    torch.testing.assert_close(weights(whole.discriminator), weights(second.discriminator), rtol=0, atol=1e-12)


# On which loss


def test_the_first_stage_is_regression():
    model = srgan(Recorded, pixel=SquaredError())
    plain = srgan()
    optimizer = Adam(plain.generator.parameters(), lr=1e-3, betas=(0.9, 0.99))
    for step in range(SWITCH):
        batch = Pairs().batch(step)
        optimizer.param_groups[0]["lr"] = 1e-3 * Schedule("cosine").factor(step, SWITCH)
        optimizer.zero_grad()
        ((plain.generator(batch["source"]) - batch["target"]) / 2).square().mean().backward()
        optimizer.step()
    train(model, SWITCH)
    torch.testing.assert_close(weights(model.generator), weights(plain.generator), rtol=0, atol=1e-9)
    assert all(terms.keys() == {"pixel"} for _, _, terms in model.asked)


def losses(model: SRGAN) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    """The generator's and the discriminator's terms on one batch, and the batch with its fake."""
    model.pretrain_steps = 0
    batch = Pairs().batch(0)
    model.side = "generator"
    generator = model.generator_loss(batch)
    model.side = "discriminator"
    return generator, model.discriminator_loss(batch), batch


def test_the_second_stage_sums_pixels_features_and_the_game():
    model = srgan()
    generator, discriminator, batch = losses(model)
    fake, real = batch["fake"], batch["target"]
    torch.testing.assert_close(generator["pixel"], 0.01 * l1_loss(fake, real) / 2)
    torch.testing.assert_close(generator["perceptual"], model.perceptual(fake, real))
    torch.testing.assert_close(generator["adversarial"], 0.005 * softplus(-model.discriminator(fake)).mean())
    expected = softplus(-model.discriminator(real)).mean() + softplus(model.discriminator(fake)).mean()
    torch.testing.assert_close(discriminator["adversarial"], expected)


def test_esrgan_is_its_relativistic_loss():
    """Wang et al., 2018, arXiv:1809.00219, equations 1 and 2, on a map of logits."""
    model = srgan(loss=RelativisticAverage())
    generator, discriminator, batch = losses(model)
    real, fake = model.discriminator(batch["target"]), model.discriminator(batch["fake"])
    realer, faker = torch.sigmoid(real - fake.mean()), torch.sigmoid(fake - real.mean())
    game = -(1 - realer).log().mean() - faker.log().mean()
    torch.testing.assert_close(generator["adversarial"], 0.005 * game)
    torch.testing.assert_close(discriminator["adversarial"], -realer.log().mean() - (1 - faker).log().mean())


def test_real_esrgan_sharpens_what_pixels_and_features_are_compared_with_and_nothing_else():
    sharpen = UnsharpMask(radius=3, sigma=1.0, threshold=0.0)
    model = srgan(sharpen=sharpen)
    generator, discriminator, batch = losses(model)
    fake, sharp = batch["fake"], sharpen(batch["target"])
    assert (sharp - batch["target"]).abs().max() > 0.1
    torch.testing.assert_close(generator["pixel"], 0.01 * l1_loss(fake, sharp) / 2)
    torch.testing.assert_close(generator["perceptual"], model.perceptual(fake, sharp))
    real = softplus(-model.discriminator(batch["target"])).mean()
    expected = real + softplus(model.discriminator(fake)).mean()
    torch.testing.assert_close(discriminator["adversarial"], expected)


def test_goes_without_a_perceptual_loss_and_with_a_penalty():
    model = srgan(perceptual=None, penalty={"r1": R1(1.0)})
    train(model, SWITCH + 1)
    scalars = model.take_scalars()
    assert "loss/generator/perceptual" not in scalars
    assert scalars["loss/discriminator/r1"] > 0
    assert model.details() == {"perceptual": "none"}


def test_no_weight_of_the_feature_network_is_the_models():
    model = srgan()
    names = set(model.state_dict())
    train(model, SWITCH + 1)
    assert set(model.state_dict()) == names
    assert all(name.partition(".")[0] in ("generator", "ema_generator", "discriminator") for name in names)
    assert model.details() == {"perceptual": "efficientnet_lite0: stem x 1"}


def test_values_that_do_not_work_are_refused():
    with pytest.raises(ConfigError, match=r"model\.pretrain_steps is -1"):
        srgan(pretrain_steps=-1)
    with pytest.raises(ConfigError, match=r"model\.weight\.pixel is -1"):
        srgan(weight={**WEIGHT, "pixel": -1})


# Resuming


def checkpoints(folder: Path) -> Checkpoints:
    return Checkpoints(str(folder), {"model": {}, "data": {}}, every_n_steps=1)


@pytest.mark.parametrize("stop", [SWITCH - 1, SWITCH, SWITCH + 1, SWITCH + 2])
def test_a_break_before_at_and_after_the_switch_changes_nothing(tmp_path, stop):
    def callbacks(folder):
        return KeepStage(str(folder), SWITCH), checkpoints(folder)

    class Stop(Callback):
        def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
            trainer.should_stop = trainer.global_step == stop

    steps = SWITCH + 4
    train(srgan(), steps, *callbacks(tmp_path / "whole"), folder=tmp_path)
    train(srgan(), steps, Stop(), *callbacks(tmp_path / "cut"), folder=tmp_path)
    last = tmp_path / "cut" / "checkpoints" / "last.ckpt"
    assert torch.load(last, weights_only=True)["global_step"] == stop
    train(srgan(), steps, *callbacks(tmp_path / "cut"), ckpt=last, folder=tmp_path)

    for name, step in (("last", steps), ("pretrained", SWITCH)):
        whole, cut = (
            torch.load(tmp_path / run / "checkpoints" / f"{name}.ckpt", weights_only=True) for run in ("whole", "cut")
        )
        assert whole["global_step"] == cut["global_step"] == step
        assert whole["images_seen"] == cut["images_seen"]
        for key, value in whole["state_dict"].items():
            assert torch.equal(value, cut["state_dict"][key]), key
        for ours, theirs in zip(whole["optimizer_states"], cut["optimizer_states"]):
            for moments, others in zip(ours["state"].values(), theirs["state"].values()):
                assert all(torch.equal(moments[key], others[key]) for key in moments)


def test_a_run_goes_on_from_the_kept_stage_as_it_went_on_itself(tmp_path):
    whole, resumed = srgan(), srgan()
    train(whole, SWITCH + 2, KeepStage(str(tmp_path), SWITCH), checkpoints(tmp_path))
    kept = tmp_path / "checkpoints" / "pretrained.ckpt"
    train(resumed, SWITCH + 2, checkpoints(tmp_path / "other"), ckpt=kept)
    assert torch.equal(weights(whole.generator), weights(resumed.generator))
    assert torch.equal(weights(whole.discriminator), weights(resumed.discriminator))
