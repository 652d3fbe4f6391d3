"""The config groups of networks build the published sizes."""

from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from gansmith.config import instantiate

GROUPS = Path(__file__).parents[2] / "conf" / "model"
SIZES = {
    "generator/unet": 54_413_955,
    "generator/resnet": 11_378_179,
    "generator/srresnet": 1_517_571,
    "generator/rrdb": 16_697_987,
    "discriminator/vgg": 14_499_401,
    "discriminator/unet": 4_376_897,
}
RECEPTIVE_FIELDS = {"pixel": 1, "patch": 70, "image": 286, "multiscale": 141}


def built(group: str) -> torch.nn.Module:
    config = OmegaConf.create(
        {
            "data": {"resolution": 128},
            "task": {"source_channels": 3, "target_channels": 3, "scale": 4},
            "network": OmegaConf.load(GROUPS / f"{group}.yaml"),
        }
    )
    return instantiate(config.network)


@pytest.mark.parametrize(("group", "size"), SIZES.items())
def test_parameters(group, size):
    assert sum(parameter.numel() for parameter in built(group).parameters()) == size


@pytest.mark.parametrize(("group", "side"), RECEPTIVE_FIELDS.items())
def test_receptive_fields(group, side):
    assert built(f"discriminator/{group}").receptive_field == side
