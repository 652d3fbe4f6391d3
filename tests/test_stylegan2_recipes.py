"""StyleGAN2 and its recipes compose, and take a step of both sides at reduced size."""

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
    *("data=digits", "data.resolution=8", "data.batch_size=8", "data.horizontal_flip=false"),
    *("logger=none", "metrics=none", "trainer=cpu", "callbacks.samples.count=4", "trainer.max_steps=1"),
    *(f"model.{side}.{size}" for side in ("generator", "discriminator") for size in ("width=0.001", "most=4")),
)
VARIANTS = {
    "stylegan2": ("model=stylegan2",),
    "with classes": ("model=stylegan2", "model/conditioning=labels"),
    "cifar10": ("experiment=cifar10_stylegan2_ada",),
    "ffhq": ("experiment=ffhq256_stylegan2",),
}


@pytest.fixture(scope="module", autouse=True)
def hydra():
    register_resolvers()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def composed(*overrides):
    return compose("train", overrides=["run_dir=logs/run", *overrides])


@pytest.mark.parametrize("name", VARIANTS)
def test_a_step_moves_both_sides(name, tmp_path):
    overrides = [*VARIANTS[name], *TINY, f"run_dir={tmp_path / 'run'}", f"cache_dir={tmp_path / 'features'}"]
    config = compose("train", overrides=overrides)
    assert run(config, overrides) == 0
    weights = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    torch.manual_seed(config.seed)
    untrained = build_model(to_plain(config)).state_dict()
    assert all(value.isfinite().all() for value in weights.values())
    for weight in ("generator.synthesis.constant", "generator.mean", "discriminator.output.weight"):
        assert not torch.equal(weights[weight], untrained[weight])


def test_recipes_have_the_published_settings():
    cifar = composed("experiment=cifar10_stylegan2_ada").model
    ffhq = composed("experiment=ffhq256_stylegan2", "data.root=x").model
    for model, width, layers, group, gamma in ((cifar, 1.0, 2, 32, 0.01), (ffhq, 0.5, 8, 8, 1.0)):
        assert (model.generator.width, model.discriminator.width, model.latent) == (width, width, 512)
        assert (model.generator.most, model.generator.mapping_layers, model.discriminator.group) == (512, layers, group)
        assert (model.penalty.r1.weight, model.penalty.r1.interval) == (gamma, 16)
        for side in ("generator", "discriminator"):
            assert (model.optimizer[side].lr, list(model.optimizer[side].betas)) == (2.5e-3, [0.0, 0.99])
    assert (cifar.path_length, cifar.mixing, cifar.ema.half_life, cifar.classes) == (None, 0.0, 500_000, 10)
    assert (ffhq.path_length.interval, ffhq.path_length.weight, ffhq.mixing, ffhq.ema.half_life) == (
        4,
        2.0,
        0.9,
        20_000,
    )


def test_classes_of_data_without_labels_are_an_error_that_says_so():
    with pytest.raises(ConfigError, match=r"needs label.*data with labels"):
        build_data(composed("model=stylegan2", "model/conditioning=labels", "data=photos"))
