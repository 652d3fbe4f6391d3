"""What a picture costs, against sums by hand."""

from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from torch import nn

from gansmith.config import register_resolvers, to_plain
from gansmith.experiment import build_data, build_model
from gansmith.training.flops import count_flops

CONF = Path(__file__).parents[2] / "conf"
MODELS = sorted(path.stem for path in (CONF / "model").glob("*.yaml") if not path.stem.startswith("base"))


def build(name, *overrides):
    """The model of conf/model, and its data."""
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", overrides=[f"model={name}", "run_dir=.", *overrides])
    return build_model(to_plain(config)), build_data(config)


def test_convolutions_by_hand():
    flops = count_flops(*build("dcgan", "data=digits", "model.features=32"))
    # 8x8: 100 latents to 32 channels at 4x4 and to one at 8x8, and back; kernels of 16 weights, two operations each.
    assert flops["generator"] == 2 * 16 * (100 * 32 * 1 + 32 * 1 * 4 * 4)
    assert flops["discriminator"] == 2 * 16 * (1 * 32 * 4 * 4 + 32 * 1 * 1)


def test_matrices_by_hand():
    model, data = build("gan", "data=digits")
    flops = count_flops(model, data)
    for side in ("generator", "discriminator"):
        layers = [layer for layer in model.networks(side).modules() if isinstance(layer, nn.Linear)]
        assert flops[side] == sum(2 * layer.in_features * layer.out_features for layer in layers)


def test_labels_go_with_the_picture():
    plain, conditional = (count_flops(*build(name, "data=digits", "model.features=32")) for name in ("dcgan", "cgan"))
    assert conditional["generator"] - plain["generator"] == 2 * 16 * 10 * 32
    assert conditional["discriminator"] - plain["discriminator"] == 2 * 16 * 10 * 32 * 4 * 4


def test_both_directions_count():
    model, data = build("cyclegan")
    flops = count_flops(model, data)
    del model.generator["to_source"], model.discriminator["source"]
    model.directions = ("forward",)
    model.generator_loss = lambda batch: {"adversarial": model.discriminator["target"](model.generate(batch))}
    assert flops == {side: 2 * number for side, number in count_flops(model, data).items()}


def test_heads_that_make_no_picture_do_not_count():
    model, data = build("cut")
    flops = count_flops(model, data)
    model.generator_loss = lambda batch: {"adversarial": model.discriminator(model.generate(batch))}
    assert count_flops(model, data) == flops


@pytest.mark.parametrize("name", MODELS)
def test_every_model_can_be_counted(name):
    # As at the end of a run, without what comes before the networks are all in use.
    first = ["model.pretrain_steps=0"] * name.endswith(("srgan", "esrgan"))
    first += ["model.encoder_from=run"] * name.startswith("dalle2")
    model, data = build(name, *first)
    flops = count_flops(model, data)
    assert set(flops) == set(model.sides)
    assert all(isinstance(number, int) and number > 0 for number in flops.values())


def test_counting_changes_no_weights_and_no_modes():
    model, data = build("dcgan", "data=digits")
    model.train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    count_flops(model, data)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(module.training for module in model.generator.modules())
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_what_can_not_be_counted_has_no_number():
    model, data = build("dcgan", "data=digits")
    model.generator_loss = model.discriminator_loss = lambda batch: {"adversarial": batch["caption"]}
    assert count_flops(model, data) == {}
    assert all(module.training for module in model.generator.modules())


def test_a_network_that_was_not_called_has_none():
    model, data = build("dcgan", "data=digits")
    model.generator_loss = model.discriminator_loss = lambda batch: {"pixel": model.generate(batch)}
    assert set(count_flops(model, data)) == {"generator"}
