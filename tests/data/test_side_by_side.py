import pytest
import torch

from gansmith.data.side_by_side import SideBySide
from gansmith.errors import ConfigError, DataError

CHANNELS = {"source": 3, "target": 3}


def load(root, split="train", direction="AtoB", channels=CHANNELS, scale=1):
    (pairs,) = SideBySide(direction).load(split, channels, scale, root=root, test_fraction=0.3)
    return pairs


@pytest.mark.parametrize(("direction", "left"), [("AtoB", "source"), ("BtoA", "target")])
def test_the_halves_are_source_and_target_in_both_directions(save, tmp_path, direction, left):
    whole = save("1.png", height=6, width=20)
    pairs = load(tmp_path, direction=direction)
    right = "target" if left == "source" else "source"
    assert pairs.sizes == [(6, 10)]
    assert torch.equal(pairs.read(0)[left], whole[..., :10])
    assert torch.equal(pairs.read(0)[right], whole[..., 10:])


def test_each_side_has_its_own_channels(save, tmp_path):
    whole = save("1.png", width=20)
    sample = load(tmp_path, channels={"source": 1, "target": 3}).read(0)
    assert sample["source"].shape == (1, 12, 10)
    assert torch.equal(sample["target"], whole[..., 10:])


def test_folders_of_their_own_are_the_split(save, tmp_path):
    train, test = save("train/1.png", seed=1), save("val/1.png", seed=2)
    assert torch.equal(load(tmp_path).read(0)["source"], train[..., :5])
    assert torch.equal(load(tmp_path, "test").read(0)["source"], test[..., :5])


def test_without_them_the_split_is_by_content(save, tmp_path):
    for i in range(20):
        save(f"{i}.png", seed=i)
    train, test = load(tmp_path), load(tmp_path, "test")
    assert len(train) + len(test) == 20
    assert not set(train.names) & set(test.names)


def test_an_odd_width_names_the_file(save, tmp_path):
    save("odd.png", height=8, width=21)
    with pytest.raises(DataError, match=r"odd\.png is 21x8; .* even width"):
        load(tmp_path)


def test_halves_have_no_scale(save, tmp_path):
    save("1.png")
    with pytest.raises(ConfigError, match=r"data\.scale=2 must be 1"):
        load(tmp_path, scale=2)


def test_fingerprint_changes_with_direction_and_channels(save, tmp_path):
    save("1.png")
    variants = [load(tmp_path), load(tmp_path, direction="BtoA"), load(tmp_path, channels={"source": 1, "target": 3})]
    assert len({pairs.fingerprint for pairs in variants}) == 3
    assert load(tmp_path).fingerprint == variants[0].fingerprint
