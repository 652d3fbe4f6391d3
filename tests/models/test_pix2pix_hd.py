"""pix2pixHD: equation 5 in plain torch."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from gansmith.models.pix2pix_hd import Pix2PixHD
from gansmith.networks.patchgan import MultiScale
from gansmith.networks.unet import UNetGenerator
from gansmith.noise import Noise
from gansmith.objectives.adversarial import LeastSquares, Wasserstein
from gansmith.objectives.penalties import R1
from gansmith.training.schedules import Schedule

ROWS, SIDE = 3, 16
SIDES = ("discriminator", "generator")


def model(**changes: Any) -> Pix2PixHD:
    torch.manual_seed(0)
    settings = {
        "loss": LeastSquares(weight=1.0),
        "optimizer": dict.fromkeys(SIDES, partial(SGD, lr=0.05)),
        "schedule": dict.fromkeys(SIDES, Schedule()),
    }
    networks = {
        "generator": UNetGenerator(2, 1, depth=2, features=2, norm="none", dropout=0.0),
        "discriminator": MultiScale(3, scales=2, features=2, layers=1, norm="none"),
    }
    return Pix2PixHD(**networks, **{**settings, **changes}).double()


@pytest.fixture
def batch() -> dict[str, Any]:
    generator = torch.Generator().manual_seed(1)
    return {
        name: torch.rand(ROWS, channels, SIDE, SIDE, generator=generator, dtype=torch.float64) * 2 - 1
        for name, channels in (("source", 2), ("target", 1))
    }


def losses(hd: Pix2PixHD, side: str, batch: dict[str, Any]) -> dict[str, Tensor]:
    hd.side, hd.noise = side, Noise(0, ROWS, 0, torch.float64)
    with hd.stepping():
        return getattr(hd, f"{side}_loss")(batch)


def stage_outputs(hd: Pix2PixHD, source: Tensor, picture: Tensor) -> list[list[Tensor]]:
    """What comes out of each stage of each discriminator, logits last, on the picture and on its half."""
    pictures, scales = torch.cat([source, picture], 1), []
    for discriminator in hd.discriminator.discriminators:
        outputs = [pictures]
        for stage in discriminator.stages:
            outputs.append(stage(outputs[-1]))
        scales.append(outputs[1:])
        pictures = nn.functional.avg_pool2d(pictures, 3, 2, 1, count_include_pad=False)
    return scales


def test_the_discriminators_losses_are_summed_over_scales_and_halved(batch):
    hd = model()
    fake = hd.generator(batch["source"])
    of_real, of_fake = (stage_outputs(hd, batch["source"], picture) for picture in (batch["target"], fake))
    expected = sum((real[-1] - 1).square().mean() + fake[-1].square().mean() for real, fake in zip(of_real, of_fake))
    terms = losses(hd, "discriminator", batch)
    assert terms.keys() == {"adversarial"}
    torch.testing.assert_close(terms["adversarial"], 0.5 * expected)


def test_the_generator_fools_each_scale_and_matches_its_features(batch):
    hd = model(lambda_features=3.0)
    fake = hd.generator(batch["source"])
    of_real, of_fake = (stage_outputs(hd, batch["source"], picture) for picture in (batch["target"], fake))
    terms = losses(hd, "generator", batch)
    assert terms.keys() == {"adversarial", "feature_matching"}
    torch.testing.assert_close(terms["adversarial"], sum((scale[-1] - 1).square().mean() for scale in of_fake))
    distances = [
        (fake_layer - real_layer).abs().mean()
        for fake_scale, real_scale in zip(of_fake, of_real)
        for fake_layer, real_layer in zip(fake_scale[:-1], real_scale[:-1])
    ]
    assert len(distances) == 4
    torch.testing.assert_close(terms["feature_matching"], 3.0 * sum(distances))


def test_the_l1_distance_can_be_added(batch):
    hd = model(lambda_l1=5.0)
    expected = 5.0 * (hd.generator(batch["source"]) - batch["target"]).abs().mean()
    torch.testing.assert_close(losses(hd, "generator", batch)["l1"], expected)


@pytest.mark.parametrize("side", SIDES)
def test_no_gradient_reaches_the_other_side(side, batch):
    hd = model()
    sum(losses(hd, side, batch).values()).backward()
    other = next(name for name in SIDES if name != side)
    assert all(parameter.grad is not None for parameter in hd.networks(side).parameters())
    assert all(parameter.grad is None for parameter in hd.networks(other).parameters())


def test_a_penalty_is_on_the_sum_of_the_scales(batch):
    """R1 is half the squared norm of the gradient of what the loss compares, at the target."""
    hd = model(loss=Wasserstein(), penalty={"r1": R1(4.0)})
    target = batch["target"].clone().requires_grad_(True)
    scales = hd.discriminator(torch.cat([batch["source"], target], 1))
    (gradient,) = torch.autograd.grad(sum(logits.mean((1, 2, 3)) for logits in scales).sum(), target)
    expected = 4.0 / 2 * gradient.flatten(1).square().sum(1).mean()
    torch.testing.assert_close(losses(hd, "discriminator", batch)["r1"], expected)
