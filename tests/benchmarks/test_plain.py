"""The comparison is fair: the loop written by hand and gansmith train the same weights."""

from __future__ import annotations

from copy import deepcopy
from itertools import count

import pytest
import torch
from framework import Framework
from plain import RATE, VARIANTS

from gansmith.noise import mix_seed

STEPS = 7  # one generator step of WGAN-GP and two more of its critic


@pytest.mark.parametrize("variant", ["dcgan", "wgan_gp"])
def test_both_ways_give_the_same_weights(variant):
    rates = [f"model.optimizer.{side}.lr={RATE}" for side in ("generator", "discriminator")]
    framework = Framework(f"model={variant}", "data=digits", "model.features=4", "data.batch_size=16", *rates)
    model = framework.build()
    networks = {side: deepcopy(getattr(model, side)) for side in ("generator", "discriminator", "ema_generator")}
    before = {side: deepcopy(network.state_dict()) for side, network in networks.items()}

    stream = framework.data.train_dataloader()
    loop = VARIANTS[variant](
        *networks.values(),
        batches=(stream.batch(step)["image"] for step in count()),
        draws=lambda step, side: torch.Generator().manual_seed(mix_seed(model.seed, step, side)),
    )
    for _ in range(STEPS):
        next(loop)
    framework.train(model, STEPS)

    for side, network in networks.items():
        torch.testing.assert_close(getattr(model, side).state_dict(), network.state_dict(), rtol=1e-4, atol=1e-6)
        assert any(not torch.equal(before[side][key], value) for key, value in network.state_dict().items())
