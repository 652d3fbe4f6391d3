"""Each variant and each recipe of residual and auxiliary networks takes a step of both sides, at reduced size."""

import math
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from gansmith.config import register_resolvers, to_plain
from gansmith.errors import ConfigError
from gansmith.experiment import build_data, build_model, run

CONF = Path(__file__).parents[1] / "conf"
TINY = (
    *("data=digits", "data.resolution=16", "data.batch_size=8", "data.horizontal_flip=false", "model.latent=4"),
    *("logger=none", "metrics=none", "trainer=cpu", "callbacks.samples.count=4"),
)
GENERATOR, DISCRIMINATOR = "model.generator.width=0.03", "model.discriminator.width=0.03"
BOTH = (GENERATOR, DISCRIMINATOR)
RECIPES = {
    "cifar10_dcgan": ("model.features=4",),
    "cifar10_wgan_gp": BOTH,
    "cifar10_sngan": BOTH,
    "cifar10_projection_gan": BOTH,
}
VARIANTS = {
    "sngan": ("model=sngan", *BOTH),
    "sngan, relativistic, R1": ("model=sngan", *BOTH, "model/loss=relativistic", "model/penalty=r1"),
    "sagan": ("model=sagan", *BOTH),
    "sagan with classes": ("model=sagan", "model/conditioning=labels", *BOTH),
    "projection": ("model=projection_gan", *BOTH),
    "acgan": ("model=acgan", "model.features=4", "model.discriminator.features=2"),
    "acgan, residual": ("model=acgan", "model/generator=resnet_gan", "model/discriminator=resnet_acgan", *BOTH),
    "dragan": ("model=dragan", "model.features=4"),
    "critic": ("model=wgan_gp", "model/discriminator=resnet_critic", "model.features=4", DISCRIMINATOR),
    "cnn": ("model=gan", "model/discriminator=cnn", "model.discriminator.features=2"),
    "rnn": ("model=gan", "model/discriminator=rnn", "model.discriminator.hidden=4"),
}


@pytest.fixture(scope="module", autouse=True)
def hydra():
    register_resolvers()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def composed(*overrides):
    return compose("train", overrides=["run_dir=logs/run", *overrides])


def check_steps(tmp_path, overrides):
    """A run of one generator step ends, and both sides have moved and are finite."""
    overrides = [*TINY, *overrides, f"run_dir={tmp_path / 'run'}", f"cache_dir={tmp_path / 'features'}"]
    critic_steps = compose("train", overrides=overrides).model.critic_steps
    config = compose("train", overrides=[*overrides, f"trainer.max_steps={critic_steps}"])
    assert run(config, overrides) == 0
    checkpoint = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == critic_steps
    torch.manual_seed(config.seed)
    untrained = build_model(to_plain(config)).state_dict()
    for side in ("generator", "discriminator"):
        weights = {name: value for name, value in checkpoint["state_dict"].items() if name.startswith(f"{side}.")}
        assert all(value.isfinite().all() for value in weights.values())
        assert any(not torch.equal(value, untrained[name]) for name, value in weights.items())


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_takes_a_step(name, tmp_path):
    check_steps(tmp_path, [f"experiment={name}", *RECIPES[name]])


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_takes_a_step(name, tmp_path):
    check_steps(tmp_path, VARIANTS[name])


@pytest.mark.parametrize("name", ["cifar10_wgan_gp", "cifar10_sngan", "cifar10_projection_gan"])
def test_recipes_have_the_published_settings(name):
    config = composed(f"experiment={name}")
    sizes = [config.model[side].width for side in ("generator", "discriminator")]
    assert (sizes, config.model.latent, config.model.ema, config.data.batch_size) == ([1.0, 1.0], 128, None, 64)
    assert config.trainer.max_steps == config.model.critic_steps * 100_000
    for side in ("generator", "discriminator"):
        optimizer = config.model.optimizer[side]
        assert (optimizer.lr, list(optimizer.betas)) == (2e-4, [0.0, 0.9])
        assert config.model.schedule[side].shape == "linear"
    assert config.model.discriminator.norm == ("none" if name == "cifar10_wgan_gp" else "spectral")
    assert config.model.classes == (10 if name == "cifar10_projection_gan" else 0)
    (published,) = config.published
    assert math.isclose(published.value, {"wgan": 22.29, "sngan": 16.77, "projection": 10.84}[name.split("_")[1]])


@pytest.mark.parametrize("model", ["projection_gan", "acgan"])
def test_classes_of_data_without_labels_are_an_error_that_says_so(model):
    with pytest.raises(ConfigError, match=r"needs label.*data with labels"):
        build_data(composed(f"model={model}", "data=photos"))
