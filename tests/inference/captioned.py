"""Untrained models that draw what captions say, as checkpoints, and what they are asked."""

from pathlib import Path

import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from gansmith.config import register_resolvers, to_plain
from gansmith.experiment import build_model

CONF = str(Path(__file__).parents[2] / "conf")
SMALL = {"imagen": 32, "text_gan": 4, "dalle2": 32, "dalle2_gan": 4}
"""Features."""


def save(name, path):
    """A checkpoint of the model of conf/model, whose weights are far enough from zero for pictures to differ."""
    register_resolvers()
    small = [
        f"model={name}",
        *([f"model.features={SMALL[name]}"] if name in SMALL else []),
        "model.text.size=16",
        "model.text.buckets=64",
    ]
    with initialize_config_dir(CONF, version_base="1.3"):
        composed = compose("train", overrides=small)
    config = {"model": to_plain(composed.model), "data": to_plain(composed.data), "seed": 0}
    torch.manual_seed(0)
    model = build_model(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    torch.save({"config": config, "state_dict": model.state_dict()}, path)
    return path


def settings(ckpt, out, **changes):
    """As conf/sample.yaml says, and as fast as can be."""
    plain = {"n": 2, "seed": 0, "label": None, "columns": 8, "batch_size": 8, "device": "cpu"}
    return OmegaConf.create({**plain, "ckpt": str(ckpt), "out": str(out), **changes})
