"""The comparison is fair: the loops written by hand and gansmith train the same weights."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from framework import Framework
from torch.optim import SGD
from translation_steps import COMMANDS, derived, loop

from gansmith.noise import Noise, mix_seed

STEPS, RATE = 4, 1e-2
SIDES = ("generator", "discriminator")
# Adam would blow up the last bits of gradients that are zero but for rounding.
PLAIN = [
    override
    for side in SIDES
    for override in (
        f"model.optimizer.{side}._target_=torch.optim.SGD",
        f"model.optimizer.{side}.lr={RATE}",
        f"~model.optimizer.{side}.betas",
    )
]
SAME_RATE = {
    "pix2pix": [f"model.schedule.{side}.{key}" for side in SIDES for key in ("shape=constant", "start=0.0")],
    "cyclegan": [f"model.schedule.{side}.{key}" for side in SIDES for key in ("shape=constant", "start=0.0")],
    "srgan": [f"model.schedule.{side}.then.{key}" for side in SIDES for key in ("first=1.0", "at=[]")],
}
SMALL = {
    "pix2pix": ["model.features=4", "model.generator.dropout=0.0"],
    "cyclegan": ["model.features=4"],
    "srgan": ["model.generator.features=4", "model.generator.blocks=1", "model.discriminator.features=4"],
}


@pytest.fixture(autouse=True)
def double_precision():
    """Batch norm over two pictures makes much of the last bits of single precision."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


class Smooth:
    """In place of a perceptual loss, which compares features in single precision."""

    def on(self, device):
        return self

    def __call__(self, output, target, *_):
        return (output - target).square().mean()


@pytest.mark.parametrize("variant", sorted(COMMANDS))
def test_both_ways_give_the_same_weights(variant, monkeypatch):
    framework = Framework(
        *COMMANDS[variant],
        "trainer.precision=64-true",
        "data.resolution=64",
        "data.batch_size=2",
        *PLAIN,
        *SAME_RATE[variant],
        *SMALL[variant],
    )
    model = framework.build()
    if variant == "srgan":
        model.perceptual = Smooth()
    by_hand = deepcopy(model)
    before = deepcopy(model.state_dict())

    # By hand a step's random numbers have no side and no rank; here they are made those of the framework.
    monkeypatch.setattr(
        "translation_steps.Noise",
        lambda step, *rest: Noise(mix_seed(framework.config.data.seed, step, "task"), *rest),
    )
    monkeypatch.setattr("plain_translation.Adam", lambda parameters, **_: SGD(parameters, RATE))
    steps = loop(by_hand, variant, derived(framework, torch.device("cpu")))
    for _ in range(STEPS):
        next(steps)
    framework.train(model, STEPS)

    torch.testing.assert_close(model.state_dict(), by_hand.state_dict(), rtol=1e-6, atol=1e-8)
    assert all(
        any(not torch.equal(before[key], value) for key, value in model.state_dict().items() if key.startswith(side))
        for side in (*SIDES, "ema_generator")
    )
