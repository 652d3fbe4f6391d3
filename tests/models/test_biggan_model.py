"""Truncation, and the configs of BigGAN: what they hold and that both sides step."""

from functools import partial
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from torch import nn
from torch.optim import SGD

from gansmith.config import register_resolvers
from gansmith.errors import ConfigError
from gansmith.experiment import build_data, run
from gansmith.models.biggan import BigGAN, truncated
from gansmith.objectives.adversarial import Hinge
from gansmith.training.schedules import Schedule

CONF = Path(__file__).parents[2] / "conf"
TINY = (
    *("data=digits", "data.resolution=16", "data.batch_size=4", "data.horizontal_flip=false", "model.features=2"),
    *("logger=none", "metrics=none", "trainer=cpu", "callbacks.samples.count=4", "trainer.max_steps=5"),
)


class Identity(nn.Module):
    """The latents as pictures of one row."""

    def __init__(self):
        super().__init__()
        self.one = nn.Parameter(torch.ones(()))

    def forward(self, latent, label):
        return latent[:, None, None] * self.one


@pytest.fixture(scope="module")
def hydra():
    register_resolvers()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def identity_gan():
    sides = ("generator", "discriminator")
    return BigGAN(
        Identity(),
        nn.Identity(),
        Hinge(),
        latent=6,
        optimizer={side: partial(SGD, lr=0.1) for side in sides},
        schedule={side: Schedule() for side in sides},
    )


@pytest.mark.parametrize("threshold", [0.1, 0.5, 2.0])
def test_numbers_have_the_truncated_normal_distribution(threshold):
    torch.manual_seed(0)
    numbers = truncated(torch.randn(100_000), threshold)
    assert numbers.abs().max() <= threshold
    # What drawing again leaves, by its definition.
    drawn = torch.randn(2_000_000)
    drawn = drawn[drawn.abs() <= threshold]
    levels = torch.linspace(0.05, 0.95, 10)
    torch.testing.assert_close(
        numbers.quantile(levels), drawn[:100_000].quantile(levels), atol=0.02 * threshold, rtol=0.0
    )


def test_the_order_and_the_sign_of_numbers_stay_and_wide_thresholds_change_nothing():
    numbers = torch.linspace(-6, 6, 25)
    short = truncated(numbers, 0.5)
    assert (short.diff() >= 0).all()
    torch.testing.assert_close(short, -short.flip(0))
    torch.testing.assert_close(truncated(numbers, 40.0), numbers, atol=1e-5, rtol=1e-5)
    with pytest.raises(ConfigError, match="truncation is 0"):
        truncated(numbers, 0)


def test_truncated_samples_are_functions_of_seed_and_number():
    model, indices = identity_gan(), torch.arange(5)
    whole, short = model.sample(indices, 3), model.sample(indices, 3, truncation=0.5)
    torch.testing.assert_close(short, truncated(whole.detach(), 0.5))
    assert torch.equal(model.sample(torch.tensor([4, 1]), 3, truncation=0.5), short[[4, 1]])


@pytest.mark.parametrize("overrides", [("experiment=cifar10_biggan_cr",), ("model=biggan", "model/conditioning=none")])
def test_a_generator_step_of_a_recipe_is_finite(hydra, tmp_path, overrides):
    overrides = [*overrides, *TINY, f"run_dir={tmp_path / 'run'}", f"cache_dir={tmp_path / 'features'}"]
    assert run(compose("train", overrides=overrides), overrides) == 0
    checkpoint = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 5
    state = checkpoint["state_dict"]
    assert all(value.isfinite().all() for value in state.values())


@pytest.mark.parametrize(("name", "fid"), [("cifar10_biggan", 4.16), ("cifar10_biggan_cr", 3.16)])
def test_recipes_have_the_published_settings(hydra, name, fid):
    config = compose("train", overrides=[f"experiment={name}", "run_dir=logs/run"])
    model, ema = config.model, config.model.ema
    sizes = (model.generator.features, model.discriminator.features, model.latent, model.generator.shared)
    assert sizes == (96, 96, 80, 128)
    assert (model.critic_steps, model.classes, config.data.batch_size) == (5, 10, 64)
    assert config.trainer.max_steps == 500_000
    for side in ("generator", "discriminator"):
        assert (model.optimizer[side].lr, list(model.optimizer[side].betas)) == (2e-4, [0.5, 0.999])
    # Keeps 0.9999 a step of the generator, of 5 x 64 images, from step 1,000 on.
    assert 0.5 ** (320 / ema.half_life) == pytest.approx(0.9999, abs=1e-9)
    assert (ema.start, ema.ramp_up) == (320_000, None)
    weights = [penalty.weight for penalty in model.penalty.values()]
    assert weights == ([10.0] if name.endswith("cr") else [])
    assert [published.value for published in config.published] == [fid]


def test_classes_of_data_without_labels_are_an_error_that_says_so(hydra):
    with pytest.raises(ConfigError, match=r"needs label.*data with labels"):
        build_data(compose("train", overrides=["model=biggan", "data=photos", "run_dir=logs/run"]))
