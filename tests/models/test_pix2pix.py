"""pix2pix: its losses in plain torch, its penalty against numerical derivatives, its two ways to translate."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import torch
from lightning import LightningDataModule, Trainer
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim import SGD

from gansmith.models.pix2pix import Pix2Pix
from gansmith.networks.unet import UNetGenerator
from gansmith.noise import Noise
from gansmith.objectives.adversarial import CrossEntropy, LeastSquares, Relativistic, Wasserstein
from gansmith.objectives.penalties import GradientPenalty
from gansmith.training.schedules import Schedule

ROWS, SIDE = 4, 8
SIDES = ("discriminator", "generator")


def critic() -> nn.Module:
    """Source of 2 channels and picture of 1 to a map of 4x4 logits; smooth, so that differences have limits."""
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Softplus(), nn.Conv2d(4, 1, 3))


def pix2pix(norm: str = "none", dropout: float = 0.0, **changes: Any) -> Pix2Pix:
    torch.manual_seed(0)
    networks = {
        "generator": UNetGenerator(2, 1, depth=3, features=2, norm=norm, dropout=dropout),
        "discriminator": critic(),
    }
    settings = {
        "loss": CrossEntropy(),
        "optimizer": dict.fromkeys(SIDES, partial(SGD, lr=0.05)),
        "schedule": dict.fromkeys(SIDES, Schedule()),
    }
    return Pix2Pix(**networks, **{**settings, **changes}).double()


def pair(step: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(step)
    return {
        name: torch.rand(ROWS, channels, SIDE, SIDE, generator=generator, dtype=torch.float64) * 2 - 1
        for name, channels in (("source", 2), ("target", 1))
    }


class Pairs(LightningDataModule):
    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        return map(pair, itertools.count())

    def train_dataloader(self) -> Pairs:
        return self


def train(model: Pix2Pix, steps: int) -> None:
    settings = {"accelerator": "cpu", "devices": 1, "max_epochs": -1, "logger": False, "precision": "64-true"}
    quiet = {"enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    Trainer(**settings, **quiet, max_steps=steps).fit(model, datamodule=Pairs())


def losses(model: Pix2Pix, side: str, batch: dict[str, Any]) -> dict[str, Tensor]:
    """The terms of a half step, with the other side frozen as in training."""
    model.side, model.noise = side, Noise(0, ROWS, 0, torch.float64)
    with model.stepping():
        return getattr(model, f"{side}_loss")(batch)


def cross_entropy(logits: Tensor, label: float) -> Tensor:
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def test_the_discriminator_judges_pairs_and_its_loss_is_halved():
    model, batch = pix2pix(), pair()
    source, target = batch["source"], batch["target"]
    judge = model.discriminator
    real = cross_entropy(judge(torch.cat([source, target], 1)), 1)
    fake = cross_entropy(judge(torch.cat([source, model.generator(source)], 1)), 0)
    terms = losses(model, "discriminator", batch)
    assert terms.keys() == {"adversarial"}
    torch.testing.assert_close(terms["adversarial"], (real + fake) / 2)


def test_the_generator_minimises_equation_4():
    model, batch = pix2pix(lambda_l1=7.0), pair()
    source, target = batch["source"], batch["target"]
    output = model.generator(source)
    terms = losses(model, "generator", batch)
    assert terms.keys() == {"adversarial", "l1"}
    torch.testing.assert_close(
        terms["adversarial"], cross_entropy(model.discriminator(torch.cat([source, output], 1)), 1)
    )
    torch.testing.assert_close(terms["l1"], 7.0 * (target - output).abs().mean())


@pytest.mark.parametrize("loss", [LeastSquares(), Wasserstein(), Relativistic()], ids=lambda loss: type(loss).__name__)
def test_any_adversarial_loss_takes_the_place(loss):
    model, batch = pix2pix(loss=loss), pair()
    judge = model.discriminator
    real = judge(torch.cat([batch["source"], batch["target"]], 1))
    fake = judge(torch.cat([batch["source"], model.generator(batch["source"])], 1))
    torch.testing.assert_close(
        losses(model, "discriminator", batch)["adversarial"], 0.5 * loss.discriminator(real, fake)
    )
    torch.testing.assert_close(losses(model, "generator", batch)["adversarial"], loss.generator(fake, real))


@pytest.mark.parametrize("shared", [False, True], ids=["fakes made twice", "fakes shared"])
@pytest.mark.parametrize("side", SIDES)
def test_no_gradient_reaches_the_other_side(side, shared):
    model = pix2pix(penalty={"gradient_penalty": GradientPenalty(10.0)})
    model._fakes_are_shared = shared
    sum(losses(model, side, pair()).values()).backward()
    other = next(name for name in SIDES if name != side)
    assert all(parameter.grad is not None for parameter in model.networks(side).parameters())
    assert all(parameter.grad is None for parameter in model.networks(other).parameters())


def plain_steps(model: Pix2Pix, steps: int) -> None:
    """Algorithm of section 3.3: one step of D on the halved objective, one step of G on the same fakes."""
    optimizers = {side: SGD(model.networks(side).parameters(), lr=0.05) for side in SIDES}
    for step in range(steps):
        source, target = pair(step).values()
        fake = model.generator(source)
        optimizers["discriminator"].zero_grad()
        real_logits = model.discriminator(torch.cat([source, target], 1))
        fake_logits = model.discriminator(torch.cat([source, fake.detach()], 1))
        (0.5 * (cross_entropy(real_logits, 1) + cross_entropy(fake_logits, 0))).backward()
        optimizers["discriminator"].step()
        optimizers["generator"].zero_grad()
        fooled = cross_entropy(model.discriminator(torch.cat([source, fake], 1)), 1)
        (fooled + 100 * (fake - target).abs().mean()).backward()
        optimizers["generator"].step()


@pytest.mark.parametrize("shared", [False, True], ids=["fakes made twice", "fakes shared"])
def test_five_steps_are_those_of_a_plain_loop(shared):
    model, plain = pix2pix(share_fakes=shared), pix2pix()
    train(model, 5)
    plain_steps(plain, 5)
    for key, weights in plain.state_dict().items():
        torch.testing.assert_close(model.state_dict()[key], weights, rtol=0, atol=1e-10, msg=key)


# The penalty of WGAN-GP


def value(model: Pix2Pix, source: Tensor, picture: Tensor) -> Tensor:
    """What the Wasserstein loss compares: the mean over patches, (n,)."""
    return model.discriminator(torch.cat([source, picture], 1)).mean((1, 2, 3))


def numerical_gradient_norms(model: Pix2Pix, source: Tensor, picture: Tensor) -> Tensor:
    """Of each picture given its source, by moving one pixel after the other."""
    step, derivatives = 1e-5, []
    for row, column in itertools.product(range(SIDE), repeat=2):
        moved = torch.zeros_like(picture)
        moved[:, :, row, column] = step
        derivatives.append((value(model, source, picture + moved) - value(model, source, picture - moved)) / (2 * step))
    return torch.stack(derivatives, 1).norm(dim=1)


def test_the_penalty_is_on_the_gradient_in_the_picture_given_its_source():
    model, batch = pix2pix(loss=Wasserstein(), penalty={"gradient_penalty": GradientPenalty(10.0)}), pair()
    with torch.no_grad():
        position = Noise(0, ROWS, 0, torch.float64).uniform(ROWS, 1, 1, 1)
        between = position * batch["target"] + (1 - position) * model.generator(batch["source"])
        norms = numerical_gradient_norms(model, batch["source"], between)
    terms = losses(model, "discriminator", batch)
    torch.testing.assert_close(terms["gradient_penalty"], 10 * (norms - 1).square().mean(), rtol=1e-6, atol=1e-8)


def test_the_derivative_of_the_penalty_in_a_weight_is_the_numerical_one():
    model, batch = pix2pix(loss=Wasserstein(), penalty={"gradient_penalty": GradientPenalty(10.0)}), pair()
    weight, place, step = model.discriminator[0].weight, (1, 2, 0, 1), 1e-5
    (gradient,) = torch.autograd.grad(losses(model, "discriminator", batch)["gradient_penalty"], weight)
    values = []
    for distance in (step, -step):
        with torch.no_grad():
            weight[place] += distance
        values.append(losses(model, "discriminator", batch)["gradient_penalty"].item())
        with torch.no_grad():
            weight[place] -= distance
    assert gradient[place].item() == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-5)


# Translating


def trained() -> Pix2Pix:
    """With batch norm and dropout, and running statistics that are not those of any batch."""
    model = pix2pix(norm="batch", dropout=0.5)
    for step in range(3):
        model.generator(pair(step)["source"])
    return model.float()


def test_by_default_there_is_one_answer_to_a_source():
    model, source = trained(), pair(9)["source"].float()
    first = model.translate(source, seed=1)
    assert torch.equal(first, model.translate(source, seed=2))
    torch.testing.assert_close(first[:1], model.translate(source[:1]))
    with torch.no_grad():
        torch.testing.assert_close(first, model.generator.eval()(source))


def test_a_stochastic_answer_depends_on_its_source_and_seed_alone():
    model, source = trained(), pair(9)["source"].float()
    model.stochastic = True
    answers = model.translate(source, seed=1)
    assert torch.equal(answers, model.translate(source, seed=1))
    assert not torch.allclose(answers, model.translate(source, seed=2), atol=1e-3)
    assert torch.equal(answers[2:3], model.translate(source[2:3], seed=1))


def test_a_stochastic_answer_is_that_of_the_network_in_training_mode_on_one_picture():
    model, source = trained(), pair(9)["source"].float()
    model.stochastic = True
    answers = model.translate(source[:1], seed=5)
    torch.manual_seed(5)
    with torch.no_grad():
        torch.testing.assert_close(answers, model.generator.train()(source[:1]))


def test_a_stochastic_answer_leaves_everything_as_it_was():
    model, source = trained(), pair(9)["source"].float()
    model.stochastic = True
    model.generator.up[0].eval()
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    torch.manual_seed(3)
    model.translate(source, seed=1)
    drawn = torch.rand(1)
    torch.manual_seed(3)
    assert torch.equal(drawn, torch.rand(1))
    assert [module.training for module in model.modules()] == modes
    for key, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[key]), key


def test_pictures_of_any_size_are_translated():
    model, source = trained(), torch.rand(1, 2, 13, 21) * 2 - 1
    for model.stochastic in (False, True):
        assert model.translate(source).shape == (1, 1, 13, 21)
