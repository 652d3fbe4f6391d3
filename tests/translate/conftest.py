"""Checkpoints of small translating models, and pictures for them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image
from torch import nn

from gansmith.experiment import build_model

ROOT = Path(__file__).parents[2]


def described(task, channels=(3, 3), scale=1, generator=None, **settings):
    """A config as a run saves it, of a small SRResNet for the task class `task` (its dotted name, or None)."""
    source, target = channels
    sizes = {"in_channels": source, "out_channels": target, "features": 4, "scale": scale, "blocks": 1}
    network = {"_target_": "gansmith.networks.srresnet.SRResNet", **sizes, **(generator or {})}
    discriminator = {"_target_": "gansmith.networks.patchgan.PixelDiscriminator", "in_channels": target, "features": 2}
    model = {"_target_": "gansmith.models.translation.Translation", "name": "tiny", "optimizer": {}, "schedule": {}}
    ends = {"source_channels": source, "target_channels": target, **settings}
    return {
        "model": {**model, "generator": network, "discriminator": discriminator},
        "task": task and {"_target_": task, **ends, **({"scale": scale} if scale > 1 else {})},
        "data": {"channels": 3},
        "seed": 0,
    }


@pytest.fixture
def save_checkpoint(tmp_path):
    """Writes a checkpoint of `described(...)`, its weights of `seed`, and gives its path.

    The weights are large: what a pixel becomes depends strongly on all around it that the network sees.
    """

    def save(*arguments, seed=0, **keywords):
        config = described(*arguments, **keywords)
        model = build_model(config)
        torch.manual_seed(seed)
        for weights in model.parameters():
            nn.init.normal_(weights, std=1.2 / weights[0].numel() ** 0.5)
        path = tmp_path / f"{seed}.ckpt"
        torch.save({"config": config, "state_dict": model.state_dict(), "global_step": 1}, path)
        return path

    return save


@pytest.fixture
def settings(tmp_path):
    """The config of the command, with `changes`; results go to tmp_path/out."""

    def make(**changes):
        config = OmegaConf.load(ROOT / "conf" / "translate.yaml")
        del config["defaults"], config["hydra"]
        return OmegaConf.merge(config, {"device": "cpu", "out": str(tmp_path / "out"), **changes})

    return make


@pytest.fixture
def photograph():
    """Smooth, with an edge: uint8 (height, width, 3), different for each seed."""

    def draw(height, width, seed=0):
        random = np.random.default_rng(seed)
        coarse = Image.fromarray(random.integers(0, 256, (height // 8 + 2, width // 8 + 2, 3), dtype=np.uint8))
        pixels = np.array(coarse.resize((width, height), Image.Resampling.BICUBIC))
        pixels[height // 2 :, : width // 3] //= 2
        return pixels

    return draw
