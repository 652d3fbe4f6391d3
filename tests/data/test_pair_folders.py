import logging

import pytest
import torch

from gansmith.data.pair_folders import PairedFolders, ScaledFolders
from gansmith.errors import ConfigError, DataError

CHANNELS = {"source": 3, "target": 3}


@pytest.fixture
def load(tmp_path):
    def loaded(source, split="train", channels=CHANNELS, scale=1, test_fraction=0.3):
        (pairs,) = source.load(split, channels, scale, root=tmp_path, test_fraction=test_fraction)
        return [pairs.read(i) for i in range(len(pairs))]

    return loaded


@pytest.fixture
def paired(save):
    """Twenty pairs in A and B."""
    return [(save(f"A/{i}.png", seed=i), save(f"B/{i}.png", seed=100 + i)) for i in range(20)]


def holds(sample, pairs):
    return any(torch.equal(sample["source"], a) and torch.equal(sample["target"], b) for a, b in pairs)


def test_partners_stay_together_in_both_splits(load, paired):
    train, test = load(PairedFolders()), load(PairedFolders(), "test")
    assert len(train) + len(test) == 20
    assert 2 <= len(test) <= 12
    assert all(holds(sample, paired) for sample in train + test)


def test_direction_exchanges_the_two(load, paired):
    reverse = [(b, a) for a, b in paired]
    assert all(holds(sample, reverse) for sample in load(PairedFolders(direction="BtoA")))
    with pytest.raises(ConfigError, match=r"data\.source\.direction=AB must be AtoB or BtoA"):
        PairedFolders(direction="AB")


def test_each_side_has_its_own_channels(load, paired):
    sample = load(PairedFolders(), channels={"source": 1, "target": 3})[0]
    assert (len(sample["source"]), len(sample["target"])) == (1, 3)


def test_equal_targets_never_lie_on_both_sides(load, save):
    for i in range(20):
        save(f"A/{i}.png", seed=i)
        save(f"B/{i}.png", seed=100 + i // 4)
    train, test = (
        {one["target"].numpy().tobytes() for one in load(PairedFolders(), split)} for split in ("train", "test")
    )
    assert train
    assert test
    assert not train & test


def test_folders_of_their_own_are_the_split(load, save):
    trained = [(save("trainA/1.png", seed=1), save("trainB/1.png", seed=2))]
    held = [(save("testA/9.png", seed=3), save("testB/9.png", seed=4))]
    assert [holds(sample, trained) for sample in load(PairedFolders())] == [True]
    assert [holds(sample, held) for sample in load(PairedFolders(), "test")] == [True]


def test_held_out_pictures_without_partners_are_an_error(load, save):
    for name in ("trainA/1.png", "trainB/1.png", "testB/1.png"):
        save(name)
    with pytest.raises(DataError, match=r"testB has no partner: .*trainA has no test folder"):
        load(PairedFolders())


def test_other_folder_names(load, save):
    pair = save("photo/train/1.png", seed=1), save("label/train/1.png", seed=2)
    assert holds(load(PairedFolders("label", "photo", "BtoA"), test_fraction=0)[0], [pair])


def test_a_missing_partner_is_named(load, paired, tmp_path):
    (tmp_path / "A" / "7.png").unlink()
    with pytest.raises(DataError, match=r"B/7\.png has no partner of its name in .*A$"):
        load(PairedFolders())


def test_another_size_is_named(load, paired, save):
    save("B/7.png", height=5)
    with pytest.raises(DataError, match=r"A/7\.png is 10x12 and its partner .*B/7\.png 10x5; expected one size"):
        load(PairedFolders())


def test_a_pair_with_a_broken_picture_is_left_out(load, paired, tmp_path, caplog):
    (tmp_path / "A" / "7.png").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        samples = load(PairedFolders(), test_fraction=0)
    assert "left out 7.png" in caplog.text
    assert len(samples) == 19
    assert all(holds(sample, paired) for sample in samples)


def test_smaller_versions_are_found_by_the_scale_in_their_name(load, save):
    pair = save("LR/1_x4.png", 3, 5, seed=1), save("HR/1.png", 12, 20, seed=2)
    assert holds(load(ScaledFolders(), scale=4, test_fraction=0)[0], [pair])


def test_held_out_versions_may_lie_anywhere(load, save):
    low, high = "D_train_LR/X2", "D_train_HR"
    train = save(f"{low}/1x2.png", 3, 5, seed=1), save(f"{high}/1.png", 6, 10, seed=2)
    test = save("D_valid_LR/X2/8x2.png", 4, 4, seed=3), save("D_valid_HR/8.png", 8, 8, seed=4)
    source = ScaledFolders(low, high, test_low="D_valid_LR/X2", test_high="D_valid_HR")
    assert [holds(sample, [train]) for sample in load(source, scale=2)] == [True]
    assert [holds(sample, [test]) for sample in load(source, "test", scale=2)] == [True]


def test_a_wrong_scale_is_named(load, save):
    save("LR/1.png", 3, 5)
    save("HR/1.png", 12, 20)
    with pytest.raises(
        DataError, match=r"LR/1\.png is 5x3 and its partner .*HR/1\.png 20x12; .*2 times \(data\.scale\)"
    ):
        load(ScaledFolders(), scale=2)
