"""Untrained models, in memory and as checkpoints."""

from functools import partial

import torch
from omegaconf import OmegaConf
from torch import nn
from torch.optim import SGD

from gansmith.experiment import build_model
from gansmith.models.biggan import BigGAN
from gansmith.models.gan import GAN
from gansmith.models.stylegan2 import StyleGAN2
from gansmith.networks import biggan, mlp
from gansmith.networks.stylegan2.discriminator import Discriminator as StyleGAN2Discriminator
from gansmith.networks.stylegan2.generator import Generator as StyleGAN2Generator
from gansmith.objectives.adversarial import CrossEntropy
from gansmith.training.ema import EMA
from gansmith.training.schedules import Schedule
from gansmith.walks.walker import Walker

TINY = {"width": 1 / 32, "most": 4}
LATENT = 5
DATA = {
    "_target_": "gansmith.data.module.ImageData",
    "name": "digits",
    "source": {"_target_": "gansmith.data.packaged.Digits"},
    "resolution": 8,
    "channels": 1,
    "classes": 10,
}
NETWORK = {"resolution": 8, "channels": 1}
CGAN = {
    "_target_": "gansmith.models.gan.GAN",
    "name": "cgan",
    "generator": {
        "_target_": "gansmith.networks.mlp.Generator",
        "latent": LATENT,
        "hidden": [8],
        "classes": 10,
        **NETWORK,
    },
    "discriminator": {"_target_": "gansmith.networks.mlp.Discriminator", "hidden": [8], "classes": 10, **NETWORK},
    "loss": {"_target_": "gansmith.objectives.adversarial.CrossEntropy"},
    "latent": LATENT,
    "classes": 10,
    "optimizer": {},
    "schedule": {},
}
STYLEGAN2 = {
    "_target_": "gansmith.models.stylegan2.StyleGAN2",
    "name": "stylegan2",
    "generator": {
        "_target_": "gansmith.networks.stylegan2.generator.Generator",
        "latent": LATENT,
        "mapping_layers": 2,
        **TINY,
        **NETWORK,
    },
    "discriminator": {"_target_": "gansmith.networks.stylegan2.discriminator.Discriminator", **TINY, **NETWORK},
    "loss": {"_target_": "gansmith.objectives.adversarial.CrossEntropy"},
    "latent": LATENT,
    "optimizer": {},
    "schedule": {},
}


class Linear(nn.Module):
    """Pictures 4x4 that are linear in the latent."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(LATENT, 16)

    def forward(self, latent, label=None):
        return self.layer(latent).unflatten(1, (1, 4, 4))

    def latent_matrices(self):
        return [self.layer.weight.detach()]


def sides():
    names = ("generator", "discriminator")
    return {
        "optimizer": {side: partial(SGD, lr=0.1) for side in names},
        "schedule": {side: Schedule() for side in names},
        "ema": EMA(half_life=10),
    }


def linear_model():
    torch.manual_seed(0)
    return GAN(Linear(), nn.Identity(), CrossEntropy(), LATENT, name="linear", **sides())


def conditional_model():
    torch.manual_seed(0)
    generator = mlp.Generator(8, 1, latent=LATENT, hidden=[8], classes=3)
    return GAN(generator, nn.Identity(), CrossEntropy(), LATENT, classes=3, name="cgan", **sides())


def biggan_model():
    torch.manual_seed(0)
    generator = biggan.Generator(8, 1, latent=6, features=2, shared=4, classes=3, attention=None)
    return BigGAN(generator, nn.Identity(), CrossEntropy(), 6, classes=3, name="biggan", **sides())


def stylegan2_model(classes=0):
    """With noise, and a mean of w that is not zero."""
    torch.manual_seed(0)
    generator = StyleGAN2Generator(8, 1, latent=LATENT, mapping_layers=2, classes=classes, **TINY)
    for module in generator.modules():
        if hasattr(module, "strength"):
            nn.init.constant_(module.strength, 0.3)
    generator.track(torch.full((LATENT,), 0.5), momentum=0.0)
    discriminator = StyleGAN2Discriminator(8, 1, classes=classes, **TINY)
    return StyleGAN2(
        generator, discriminator, CrossEntropy(), latent=LATENT, classes=classes, name="stylegan2", **sides()
    )


def walker(model, **changes):
    data = {**DATA, "resolution": 4} if model.name == "linear" else DATA
    return Walker(model, {"data": data}, **{"seed": 3, "batch_size": 64, **changes})


def settings(**changes):
    """As conf/sample.yaml says."""
    return OmegaConf.create(
        {
            **{"space": None, "layers": None, "points": 3, "frames": 2, "path": None, "fps": 20, "format": "gif"},
            **{"truncations": None, "directions": 2, "reach": 3.0, "picture": None, "steps": 3, "perceptual": 1.0},
            **{"n": 2, "columns": 3, "batch_size": 64, **changes},
        }
    )


def save(config, path):
    """A run's folder with the model that `config` describes as its last checkpoint."""
    torch.manual_seed(0)
    plain = {"model": config, "data": DATA, "seed": 0}
    (path / "checkpoints").mkdir(parents=True)
    state = build_model(plain).state_dict()
    torch.save({"config": plain, "state_dict": state}, path / "checkpoints" / "last.ckpt")
    return path
