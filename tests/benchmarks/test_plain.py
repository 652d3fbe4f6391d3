"""The comparison is fair: the loop written by hand and gansmith train the same weights."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import count

import plain_recipes
import pytest
import torch
from framework import Framework
from lightning import Callback
from plain import RATE, train

from gansmith.models.sides import can_be_fused
from gansmith.noise import mix_seed

STEPS = 6  # a generator step of five critic steps and one more of its critic; two path lengths
SMALLER = {
    **{variant: ["model.features=4"] for variant in ("dcgan", "lsgan", "wgan", "wgan_gp", "dragan", "cgan")},
    "gan": ["model.generator.hidden=[16]", "model.discriminator.hidden=[16]"],
    "acgan": ["model.features=4", "model.discriminator.features=2"],
    "biggan": ["model.features=4"],
    "r3gan": ["model.features=8"],
    # The framework draws for the whole batch and takes half of it, the loop draws for the half.
    "stylegan2": ["model.path_length.every=1", "model.penalty.r1.interval=4"],
}
RECIPES = plain_recipes.RECIPES | {
    "stylegan2": replace(plain_recipes.stylegan2(share=1), interval=4),
}


class Trained(Callback):
    """Weights as the last step leaves them: what is counted for the record moves StyleGAN2's mean of w afterwards."""

    def on_train_batch_end(self, trainer, pl_module, *_):
        sides = ("generator", "discriminator", "ema_generator")
        self.weights = {side: deepcopy(getattr(pl_module, side).state_dict()) for side in sides}


def fused(recipe):
    """As gansmith steps on CPUs: where a gradient is rounding alone, Adam makes a whole step of its last bits."""
    if not can_be_fused(recipe.optimizer):
        return recipe
    return replace(recipe, optimizer=partial(recipe.optimizer, fused=True))


@pytest.mark.parametrize("variant", RECIPES)
def test_both_ways_give_the_same_weights(variant):
    rates = [f"model.optimizer.{side}.lr={RATE}" for side in ("generator", "discriminator")]
    smaller = SMALLER.get(variant, [])
    framework = Framework(f"model={variant}", "data=digits", "data.batch_size=16", *rates, *smaller)
    model = framework.build()
    networks = {side: deepcopy(getattr(model, side)) for side in ("generator", "discriminator", "ema_generator")}
    before = {side: deepcopy(network.state_dict()) for side, network in networks.items()}

    stream = framework.data.train_dataloader()
    batches = (stream.batch(step) for step in count())
    loop = train(
        fused(RECIPES[variant]),
        *networks.values(),
        batches=((batch["image"], batch["label"]) for batch in batches),
        draws=lambda step, side: torch.Generator().manual_seed(mix_seed(model.seed, step, side)),
    )
    torch.manual_seed(mix_seed(model.seed, "rank", 0))  # where dropout draws from
    for _ in range(STEPS):
        next(loop)
    trained = Trained()
    framework.train(model, STEPS, trained)

    for side, network in networks.items():
        torch.testing.assert_close(trained.weights[side], network.state_dict(), rtol=1e-4, atol=1e-6)
        assert any(not torch.equal(before[side][key], value) for key, value in network.state_dict().items())
