"""A blank sample has the channels and sizes of every batch, and nothing is read for it."""

from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from gansmith.config import instantiate, register_resolvers
from gansmith.data.tasks.super_resolution import SuperResolution
from gansmith.errors import ConfigError

CONF = Path(__file__).parents[2] / "conf"
DATA = sorted(file.stem for file in (CONF / "data").glob("*.yaml"))
OF_IMAGES = sorted({file.stem for file in (CONF / "task").glob("*.yaml")} - {"given"})


def module(data, task=None, **settings):
    register_resolvers()
    config = OmegaConf.create({"seed": 0, "data": OmegaConf.load(CONF / "data" / f"{data}.yaml")})
    config.data.update(settings)
    built = instantiate(config.data)
    if task is not None:
        config.task = OmegaConf.load(CONF / "task" / f"{task}.yaml")
        built.set_task(instantiate(config.task))
    return built


def shapes(batch):
    return {name: tuple(value.shape[1:]) for name, value in batch.items() if name != "label"}


@pytest.mark.parametrize("data", ["digits", "photos", "unpaired_digits"])
def test_a_blank_sample_is_shaped_like_every_sample(data):
    found = module(data)
    assert shapes(found.blank()) == shapes(found.train_dataloader().batch(0))


@pytest.mark.parametrize("data", DATA)
def test_nothing_is_read_for_it(data):
    found = module(data, root="/nowhere", classes=0)
    blank = found.blank()
    assert set(blank) == set(found.fields)
    assert all(len(value) == 1 for value in blank.values())
    assert all(value.dtype == torch.float32 for name, value in blank.items() if name != "caption")


@pytest.mark.parametrize("task", OF_IMAGES)
def test_its_pair_is_that_of_the_task(task):
    found = module("photos", task)
    pair = found.blank()
    side = found.resolution // found.task.scale
    assert pair["source"].shape == (1, found.task.source_channels, side, side)
    assert pair["target"].shape == (1, found.task.target_channels, found.resolution, found.resolution)


def test_given_pairs_may_differ_in_size():
    pair = module("scaled_folders", "given", root="/nowhere", scale=4, resolution=32).blank()
    assert (pair["source"].shape[-1], pair["target"].shape[-1]) == (8, 32)


def test_pictures_that_a_task_would_cut_are_refused():
    found = module("photos")
    found.set_task(SuperResolution(3, 3, scale=3))
    assert found.blank()["source"].shape[-1] == 32
    found.resolution = 64
    with pytest.raises(ConfigError, match=r"^data\.resolution=64 must be a multiple of task\.scale=3$"):
        found.blank()
