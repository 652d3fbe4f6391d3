"""What draws pictures from latents: any generator with any discriminator, for pictures of any number of channels."""

from itertools import product
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

import gansmith.cli  # noqa: F401 - it makes composing twice as fast
from gansmith.config import instantiate, register_resolvers, to_plain

CONF = Path(__file__).parents[1] / "conf"
PLAIN = ("gan", "cgan", "dcgan", "lsgan", "wgan", "wgan_gp", "dragan")
OTHERS = ("sngan", "sagan", "acgan", "projection_gan", "biggan", "stylegan2", "r3gan")
GENERATORS = ("mlp", "dcgan", "resnet_gan", "resnet_gan_attention", "biggan", "stylegan2", "r3gan")
DISCRIMINATORS = (
    *("mlp", "rnn", "cnn", "dcgan", "resnet_gan", "resnet_gan_attention", "resnet_critic"),
    *("biggan", "stylegan2", "r3gan"),
)


@pytest.fixture(scope="module", autouse=True)
def hydra():
    register_resolvers()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def settings(*overrides):
    """The model's, for digits of 8 px."""
    return to_plain(compose("train", overrides=["run_dir=run", "data=digits", *overrides]))["model"]


def pictures_and_logits(model):
    """What the networks make of two latents, and of the pictures that come of them."""
    torch.manual_seed(0)
    label = torch.tensor([0, 3]) if model["classes"] else None
    latent, networks = (
        torch.randn(2, model["latent"]),
        (instantiate(model[side]) for side in ("generator", "discriminator")),
    )
    generator, discriminator = networks
    pictures = generator(latent, label)
    return pictures, discriminator(pictures, label)


@pytest.mark.parametrize("name", PLAIN)
def test_plain_variants_take_any_plain_network(name):
    for generator, discriminator in product(("mlp", "dcgan"), ("mlp", "rnn", "cnn", "dcgan")):
        model = settings(f"model={name}", f"model/generator={generator}", f"model/discriminator={discriminator}")
        pictures, logits = pictures_and_logits(model)
        assert pictures.shape == (2, 1, 8, 8)
        assert logits.shape == (2,)


@pytest.mark.parametrize("generator", GENERATORS)
def test_any_network_makes_pictures_for_a_plain_variant(generator):
    pictures, _ = pictures_and_logits(settings("model=wgan_gp", f"model/generator={generator}"))
    assert pictures.shape == (2, 1, 8, 8)


@pytest.mark.parametrize("discriminator", DISCRIMINATORS)
def test_any_network_judges_for_a_plain_variant(discriminator):
    model = settings("model=wgan_gp", f"model/discriminator={discriminator}")
    assert model["discriminator"].get("norm", "none") == "none"
    assert pictures_and_logits(model)[1].shape == (2,)


def test_a_norm_can_be_asked_for_all_the_same():
    assert settings("model=wgan_gp", "model.discriminator.norm=batch")["discriminator"]["norm"] == "batch"
    assert settings("model=gan", "model/discriminator=cnn")["discriminator"]["norm"] == "batch"


@pytest.mark.parametrize("channels", [2, 5])
@pytest.mark.parametrize("name", [*PLAIN, *OTHERS])
def test_networks_have_as_many_channels_as_the_data(name, channels):
    pictures, logits = pictures_and_logits(settings(f"model={name}", f"data.channels={channels}"))
    assert pictures.shape == (2, channels, 8, 8)
    assert (logits[0] if name == "acgan" else logits).shape == (2,)
