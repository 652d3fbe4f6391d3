import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from omegaconf import OmegaConf

from gansmith.config import instantiate
from gansmith.data.crops import CropData, PairData
from gansmith.data.picture_folder import PictureFolder
from gansmith.data.picture_set import Together
from gansmith.data.pictures import MemoryPictures
from gansmith.data.side_by_side import SideBySide
from gansmith.data.unpaired import UnpairedFolders
from gansmith.errors import ConfigError, DataError

SIZES = {"train": [(16, 20), (18, 16), (30, 30)], "test": [(10, 14), (40, 8)]}


class Noise:
    """Pictures of random pixels: `image`, or `source` and `target`."""

    paired = True

    def __init__(self, sizes=SIZES):
        self.sizes = sizes
        self.asked = []

    def prepare(self, root):
        self.asked.append(root)

    def load(self, split, channels, scale, *, root, test_fraction):
        self.asked.append(split)
        generator = torch.Generator().manual_seed(0)
        scales = {field: scale if field == "source" else 1 for field in channels}
        fields = {}
        for field, depth in channels.items():
            shapes = [(depth, h // scales[field], w // scales[field]) for h, w in self.sizes[split]]
            pictures = [torch.randint(256, shape, generator=generator, dtype=torch.uint8) for shape in shapes]
            fields[field] = MemoryPictures(pictures, [f"{i}.png" for i in range(len(shapes))])
        return [Together(fields, scales)]


def crops(source=None, **options):
    return CropData("noise", source or Noise(), **{"resolution": 8, "channels": 3, "batch_size": 4, **options})


def pairs(source=None, **options):
    return PairData("noise", source or Noise(), **{"resolution": 8, "channels": 3, "batch_size": 4, **options})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("resolution", 0),
        ("batch_size", 0),
        ("workers", -1),
        ("channels", 2),
        ("classes", 10),
        ("resize", 7),
        ("test_fraction", 1.0),
        ("scale", 0),
        ("source_channels", 0),
        ("target_channels", 4),
    ],
)
def test_value_out_of_range_names_its_key(key, value):
    with pytest.raises(ConfigError, match=rf"^data\.{key}={value}\b"):
        pairs(**{key: value})


@pytest.mark.parametrize(("key", "options"), [("resolution", {}), ("resize", {"resolution": 9, "resize": 10})])
def test_the_scale_divides_every_side(key, options):
    with pytest.raises(ConfigError, match=rf"data\.{key}=\d+ must be a multiple of data\.scale=3"):
        pairs(scale=3, **options)


def test_plain_pictures_give_crops_of_one_field():
    module = crops(channels=1)
    batch = next(iter(module.train_dataloader()))
    assert (module.gives, module.classes) == (("image",), 0)
    assert {name: (value.shape, value.dtype) for name, value in batch.items()} == {"image": ((4, 1, 8, 8), torch.uint8)}


def test_pairs_give_two_fields_of_their_own_channels_and_sizes():
    module = pairs(source_channels=1, scale=2)
    batch = next(iter(module.train_dataloader()))
    assert module.gives == ("source", "target")
    assert (module.source_channels, module.target_channels, module.scale) == (1, 3, 2)
    assert (batch["source"].shape, batch["target"].shape) == ((4, 1, 4, 4), (4, 3, 8, 8))


def test_examples_are_whole_pictures():
    examples = pairs(scale=1).examples("test")
    assert [one["target"].shape for one in (examples[0], examples[1])] == [(3, 10, 14), (3, 40, 8)]
    assert len(crops().examples("train")) == 3


def test_resized_pictures_are_cropped_to_train_and_whole_squares_to_test():
    module = pairs(resize=12, scale=2)
    module.setup("fit")
    assert module.crops()[0].pictures.sizes == [(12, 12)] * 3
    assert next(iter(module.train_dataloader()))["target"].shape == (4, 3, 8, 8)
    example = module.examples("test")[1]
    assert (example["source"].shape, example["target"].shape) == ((3, 4, 4), (3, 8, 8))


def test_what_is_tested_on_does_not_depend_on_how_crops_are_made():
    prints = {crops(**options).examples("test").fingerprint for options in ({}, {"resolution": 4}, {"seed": 1})}
    assert len(prints) == 1
    assert crops(resize=8).examples("test").fingerprint not in prints


def test_pictures_are_read_once_and_nothing_to_train_with_for_a_test():
    source = Noise()
    module = crops(source)
    module.setup("test")
    module.examples("test")
    module.examples("test")
    assert source.asked == ["test"]
    module.setup("fit")
    module.train_dataloader()
    assert source.asked == ["test", "train"]


def test_another_process_reads_the_pictures_itself(save, tmp_path):
    for i in range(3):
        save(f"{i}.png", height=20, seed=i)
    module = crops(PictureFolder(), root=tmp_path, test_fraction=0)
    read = module.train_dataloader().batch(1)["image"]
    sent = pickle.dumps(module)
    assert len(sent) < 5000
    assert torch.equal(pickle.loads(sent).train_dataloader().batch(1)["image"], read)
    assert torch.equal(module.train_dataloader().batch(1)["image"], read)


def test_what_has_no_partner_is_known_before_reading():
    source = Noise()
    assert (crops(source).paired, pairs(source).paired) == (True, True)
    assert not pairs(UnpairedFolders()).paired
    assert source.asked == []


def test_splits_that_are_not_there():
    with pytest.raises(ConfigError, match="train and test"):
        crops().examples("valid")
    with pytest.raises(DataError, match=r"data\.test_fraction=0\.1"):
        crops(Noise({"train": [(9, 9)], "test": []})).examples("test")


def test_there_is_no_set_of_pictures_of_one_size():
    with pytest.raises(ConfigError, match=r"data=noise has pictures of any size.*metrics=paired"):
        crops().split("test")


def test_a_picture_smaller_than_the_crop_ends_a_run_before_it_begins():
    with pytest.raises(DataError, match=r"0\.png is 20x16, smaller than the crop, data\.resolution=17"):
        crops(resolution=17).setup("fit")


def test_stream_starts_at_the_trainers_step_with_its_rank():
    module = crops(seed=7, horizontal_flip=True, rotate=True)
    alone = module.train_dataloader()
    device = SimpleNamespace(root_device=torch.device("cpu"))
    module.trainer = SimpleNamespace(global_rank=1, world_size=2, global_step=9, strategy=device)
    assert torch.equal(next(iter(module.train_dataloader()))["image"], alone.batch(9)["image"][2:])


def test_seeds_give_different_crops():
    first, again, other = (crops(seed=seed).train_dataloader().batch(3)["image"] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_rows_of_unpaired_folders_are_drawn_for_each_side(save, tmp_path):
    for i in range(4):
        save(f"A/{i}.png", seed=i)
        save(f"B/{i}.png", seed=i)
    module = pairs(UnpairedFolders(), root=tmp_path, resolution=10, batch_size=64, test_fraction=0)
    batch = module.train_dataloader().batch(0)
    same = (batch["source"][:, :, :10, :10] == batch["target"][:, :, :10, :10]).flatten(1).all(1)
    assert same.float().mean() < 0.5


def test_the_same_pictures_are_trained_on_however_they_are_held(save, tmp_path, monkeypatch):
    for i in range(5):
        save(f"{i}.png", height=20 + i, seed=i)
    batches = []
    for room in (2**30, 0):
        monkeypatch.setattr("gansmith.data.pictures.ROOM", room)
        module = crops(PictureFolder(cache_dir=tmp_path / "cache"), root=tmp_path, horizontal_flip=True)
        batches.append(module.train_dataloader().batch(2)["image"])
    assert torch.equal(*batches)


def test_pairs_side_by_side_are_resized_half_by_half(save, tmp_path):
    save("1.png", height=10, width=40)
    module = pairs(SideBySide(), root=tmp_path, resolution=12, resize=12)
    assert module.train_dataloader().batch(0)["source"].shape == (4, 3, 12, 12)


CONF = Path(__file__).parents[2] / "conf" / "data"


@pytest.mark.parametrize("name", ["photos", "unpaired_digits"])
def test_sets_without_a_download_give_what_their_config_says(name):
    config = OmegaConf.create({"seed": 0, "data": OmegaConf.load(CONF / f"{name}.yaml")})
    module = instantiate(config.data)
    batch = module.train_dataloader().batch(0)
    assert set(batch) == set(module.gives)
    for pictures in batch.values():
        assert pictures.shape == (module.batch_size, 3, module.resolution, module.resolution)
