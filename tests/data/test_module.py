from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from omegaconf import OmegaConf

from gansmith.config import instantiate
from gansmith.data.base import DataModule
from gansmith.data.imageset import MemoryImages
from gansmith.data.module import ImageData
from gansmith.errors import ConfigError, DataError


class Numbers:
    """Twenty pictures for training and `held_out` for testing, of three classes."""

    def __init__(self, held_out=4):
        self.sizes = {"train": 20, "test": held_out}
        self.asked = []

    def prepare(self, root):
        self.asked.append(root)

    def load(self, split, resolution, channels, *, root, test_fraction):
        self.asked.append(split)
        images = torch.arange(self.sizes[split], dtype=torch.uint8).view(-1, 1, 1, 1)
        images = images.expand(-1, channels, resolution, resolution)
        return MemoryImages(images, torch.arange(len(images)) % 3, 3)


def data(source=None, **options):
    options = {"resolution": 4, "channels": 1, "batch_size": 4, **options}
    return ImageData("numbers", source or Numbers(), **options)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("resolution", 0),
        ("batch_size", 0),
        ("batch_size", -3),
        ("channels", 0),
        ("workers", -1),
        ("classes", -1),
        ("test_fraction", 1.0),
        ("limit", 0),
    ],
)
def test_value_out_of_range_names_its_key(key, value):
    with pytest.raises(ConfigError, match=rf"^data\.{key}={value}\b"):
        data(**{key: value})


def test_classes_are_counted_checked_or_left_out():
    assert (data().classes, data().gives) == (3, ("image", "label"))
    assert data(classes=3).train.classes == 3
    without = data(classes=0)
    assert (without.gives, without.train.labels, without.train.classes) == (("image",), None, 0)
    with pytest.raises(ConfigError, match=r"data\.classes=10, but numbers has 3"):
        data(classes=10).setup()


def test_what_it_gives_is_known_before_reading_where_the_config_says_it():
    source = Numbers()
    assert data(source, classes=3).gives == ("image", "label")
    assert source.asked == []


def test_pictures_are_read_once():
    source = Numbers()
    module = data(source)
    module.setup("fit")
    module.setup("test")
    assert module.train is module.split("train")
    assert source.asked == ["train"]


def test_splits_that_are_not_there():
    with pytest.raises(ConfigError, match="train and test"):
        data().split("valid")
    with pytest.raises(DataError, match=r"data\.test_fraction=0\.1"):
        _ = data(Numbers(held_out=0)).test


def test_stream_starts_at_the_trainers_step_with_its_rank():
    module = data(seed=7, horizontal_flip=True)
    alone = module.train_dataloader()
    device = SimpleNamespace(root_device=torch.device("cpu"))
    module.trainer = SimpleNamespace(global_rank=1, world_size=2, global_step=9, strategy=device)
    batch = next(iter(module.train_dataloader()))
    assert torch.equal(batch["image"], alone.batch(9)["image"][2:])
    assert torch.equal(batch["label"], alone.batch(9)["label"][2:])


def test_few_pictures_are_trained_on_whatever_the_seed_and_all_are_compared_with():
    module, other = data(limit=5, seed=7), data(limit=5, seed=8)
    streams = [one.train_dataloader() for one in (module, other)]
    seen = [
        {int(pixel) for step in range(5) for pixel in stream.batch(step)["image"][:, 0, 0, 0]} for stream in streams
    ]
    assert seen == [{0, 4, 8, 12, 16}] * 2
    assert len(module.train) == len(module.split("train")) == 20
    with pytest.raises(ConfigError, match=r"data\.limit=21, but numbers has 20 training pictures"):
        data(limit=21).train_dataloader()


def test_home_folder_is_understood():
    assert "~" not in str(data(root="~/pictures").root)


CONFIGS = sorted((Path(__file__).parents[2] / "conf" / "data").glob("*.yaml"))


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_every_config_describes_a_set_that_can_be_built(file, tmp_path):
    config = OmegaConf.create({"seed": 3, "data": OmegaConf.load(file)})
    if OmegaConf.is_missing(config.data, "root"):
        config.data.root = str(tmp_path)
    module = instantiate(config.data)
    assert isinstance(module, DataModule)
    assert (module.name, module.seed) == (file.stem, 3)
    assert file.read_text().startswith("# ")
