"""The stream of captioned batches: with ranks, workers and resumes, a picture comes with a caption of its own."""

import itertools
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import yaml

from gansmith.config import instantiate
from gansmith.data.captioned.captions import CaptionedImages
from gansmith.data.captioned.module import CaptionedData, CaptionedStream
from gansmith.data.imageset import MemoryImages
from gansmith.errors import ConfigError, DataError

N, B = 23, 6


class Decoded(MemoryImages):
    """Pictures as if each had to be decoded."""

    in_memory = False


def pictures(kind=MemoryImages):
    """Picture i holds the value i, and its captions begin with it."""
    images = torch.arange(N, dtype=torch.uint8)[:, None, None, None].expand(N, 3, 4, 4).contiguous()
    return CaptionedImages(kind(images), [(f"{i} a", f"{i} b", f"{i} c")[: 1 + i % 3] for i in range(N)])


def take(count, **options):
    return list(itertools.islice(CaptionedStream(options.pop("dataset", None) or pictures(), B, **options), count))


def captions(batches):
    return [caption for batch in batches for caption in batch["caption"]]


def test_captions_belong_to_their_pictures():
    for batch in take(20, horizontal_flip=True):
        assert list(batch) == ["image", "caption"]
        assert type(batch["caption"]) is list
        numbers = [int(caption.split()[0]) for caption in batch["caption"]]
        assert batch["image"][:, 0, 0, 0].tolist() == numbers


def test_a_picture_comes_with_all_of_its_captions():
    assert set(captions(take(100))) == {text for texts in pictures().texts for text in texts}


@pytest.mark.parametrize("world_size", [2, 3])
def test_slices_of_the_ranks_make_up_the_batch_of_one_process(world_size):
    ranks = [take(9, rank=rank, world_size=world_size, seed=5) for rank in range(world_size)]
    for whole, *parts in zip(take(9, seed=5), *ranks, strict=True):
        assert captions(parts) == whole["caption"]


def test_starting_at_a_step_equals_having_come_there():
    assert captions(take(9, start=7)) == captions(take(16))[7 * B :]


def test_seeds_give_other_captions():
    assert captions(take(4, seed=1)) == captions(take(4, seed=1))
    assert captions(take(4, seed=1)) != captions(take(4, seed=2))


@pytest.mark.slow
def test_workers_change_nothing():
    ahead = take(9, start=2, workers=2, dataset=pictures(Decoded))
    assert captions(ahead) == captions(take(9, start=2))
    assert torch.equal(ahead[0]["image"], take(9, start=2)[0]["image"])


def test_captions_pass_where_pictures_are_pinned(monkeypatch):
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: self + 100)
    pinned, plain = take(3, pin_memory=True), take(3)
    assert captions(pinned) == captions(plain)
    assert torch.equal(pinned[0]["image"], plain[0]["image"] + 100)


class Source:
    """Twenty-three numbered pictures for each split."""

    def prepare(self, root):
        pass

    def load(self, split, resolution, channels, *, root, test_fraction):
        return pictures()


def module(**options):
    return CaptionedData("numbers", Source(), resolution=4, channels=3, batch_size=B, **options)


def test_the_module_gives_pictures_and_captions_and_no_labels():
    data = module()
    assert data.fields == data.gives == ("image", "caption")
    assert data.classes == 0
    assert data.train.labels is None
    batch, blank = next(iter(data.train_dataloader())), data.blank()
    assert set(batch) == set(blank)
    assert len(blank["image"]) == len(blank["caption"]) == 1


def test_the_module_gives_a_rank_its_rows_from_the_step_on():
    data = module()
    data.trainer = SimpleNamespace(
        global_rank=1,
        world_size=2,
        global_step=5,
        strategy=SimpleNamespace(root_device=torch.device("cpu")),
    )
    stream = data.train_dataloader()
    assert next(iter(stream))["caption"] == take(6)[5]["caption"][B // 2 :]


def test_a_limit_leaves_the_splits_whole():
    data = module(limit=8)
    assert len(data.train_dataloader().dataset) == 8
    assert len(data.train) == N
    seen = {int(caption.split()[0]) for caption in captions(itertools.islice(data.train_dataloader(), 8))}
    assert seen == {N * i // 8 for i in range(8)}
    with pytest.raises(ConfigError, match=r"data\.limit=24, but numbers has 23"):
        module(limit=24).train_dataloader()


def test_labels_can_not_be_asked_for():
    with pytest.raises(ConfigError, match=r"data\.classes=3 must be 0"):
        module(classes=3)


@pytest.mark.parametrize("name", ["scenes", "captioned_folder", "emoji", "captioned_shards", "hf_captions"])
def test_the_configs_build_modules_of_captioned_pictures(name):
    path = Path(__file__).parents[3] / "conf" / "data" / f"{name}.yaml"
    options = yaml.safe_load(path.read_text(encoding="utf-8").replace("${seed}", "0").replace("???", "nowhere"))
    data = instantiate(options)
    assert isinstance(data, CaptionedData)
    assert data.name == name
    assert data.horizontal_flip is False
    if name not in ("scenes", "hf_captions"):
        with pytest.raises(DataError, match=r"nowhere|data/emoji"):
            data.split("train")
