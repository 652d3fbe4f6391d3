import pytest
import torch

from gansmith.data.unpaired import UnpairedFolders
from gansmith.errors import ConfigError

CHANNELS = {"source": 3, "target": 1}


def load(root, split="train", scale=1, **options):
    return UnpairedFolders(**options).load(split, CHANNELS, scale, root=root, test_fraction=0.3)


def test_two_sets_of_their_own_numbers_and_sizes(save, tmp_path):
    for i in range(3):
        save(f"trainA/{i}.png", height=9 + i, seed=i)
    save("trainB/x.png", height=30, width=40)
    save("testA/t.png")
    save("testB/t.png")
    source, target = load(tmp_path)
    assert (len(source), len(target)) == (3, 1)
    assert (source.sizes, target.sizes) == ([(9, 10), (10, 10), (11, 10)], [(30, 40)])
    assert (source.read(0)["source"].shape, target.read(0)["target"].shape) == ((3, 9, 10), (1, 30, 40))


def test_direction_exchanges_the_two(save, tmp_path):
    first, second = save("A/1.png", seed=1), save("B/1.png", seed=2)
    assert torch.equal(load(tmp_path)[0].read(0)["source"], first)
    assert torch.equal(load(tmp_path, direction="BtoA")[0].read(0)["source"], second)


def test_each_side_is_split_by_its_own_content(save, tmp_path):
    for i in range(12):
        save(f"cats/{i}.png", seed=i)
        save(f"dogs/{i}.png", seed=50 + i)
    train, test = (load(tmp_path, split, a="cats", b="dogs") for split in ("train", "test"))
    for some, others in zip(train, test, strict=True):
        assert len(some) + len(others) == 12
        assert not set(some.names) & set(others.names)


def test_there_is_no_scale_without_partners(save, tmp_path):
    with pytest.raises(ConfigError, match=r"data\.scale=4 must be 1"):
        load(tmp_path, scale=4)
