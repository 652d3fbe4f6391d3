"""Sheets of what a task makes of a data set."""

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image

from gansmith.config import instantiate
from gansmith.data.held_out import held_out_pairs
from gansmith.errors import ConfigError
from gansmith.pair_sheet import shown, write_pair_sheet
from gansmith.ranges import to_uint8

DIGITS = {
    "_target_": "gansmith.data.module.ImageData",
    "name": "digits",
    "source": {"_target_": "gansmith.data.packaged.Digits"},
    "resolution": 8,
    "channels": 1,
}
SUPER_RESOLUTION = {
    "_target_": "gansmith.data.tasks.super_resolution.SuperResolution",
    "source_channels": 1,
    "target_channels": 1,
    "scale": 2,
}


def settings(out, **changes):
    common = {"ckpt": None, "task": SUPER_RESOLUTION, "data": DIGITS, "split": "test", "seed": 0, "n": 5, "columns": 4}
    return OmegaConf.create({**common, "out": str(out), **changes})


@pytest.fixture
def pairs():
    data = instantiate(DIGITS)
    data.set_task(instantiate(SUPER_RESOLUTION))
    return held_out_pairs(data, "test", seed=0)


def read(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_inputs_are_shown_in_the_size_of_the_truth_beside_them(pairs):
    pictures = list(shown(pairs, [2, 7]))
    assert [tuple(picture.shape) for picture in pictures] == [(1, 1, 8, 8)] * 4
    for place, (before, truth) in zip([2, 7], [pictures[:2], pictures[2:]]):
        source, target = pairs[place]
        assert torch.equal(truth, to_uint8(target))
        assert torch.equal(before, to_uint8(pairs.baseline(source)))
        assert torch.equal(truth[0], pairs.examples[place]["image"])


def test_the_sheet_is_a_function_of_the_settings(tmp_path):
    path = write_pair_sheet(settings(tmp_path / "a"))
    assert path == tmp_path / "a" / "pairs.png"
    again = write_pair_sheet(settings(tmp_path / "b"))
    np.testing.assert_array_equal(read(path), read(again))
    train = write_pair_sheet(settings(tmp_path / "c", split="train"))
    assert not np.array_equal(read(path), read(train))


def test_pairs_stand_in_rows_of_columns_pictures(tmp_path, capsys):
    sizes = {}
    for n, columns in ((5, 4), (5, 1), (2, 8)):
        path = write_pair_sheet(settings(tmp_path, n=n, columns=columns))
        sizes[n, columns] = read(path).shape[:2]
    # 8 px are shown as 64, with 2 around them.
    assert [width for _, width in sizes.values()] == [2 + 4 * 66, 2 + 2 * 66, 2 + 4 * 66]
    heights = [height for height, _ in sizes.values()]
    assert heights[0] - heights[2] == 2 * 66
    assert heights[1] - heights[2] == 4 * 66
    assert "5 of " in capsys.readouterr().out


def test_no_more_pairs_than_there_are(tmp_path, pairs, capsys):
    write_pair_sheet(settings(tmp_path, n=10**6, columns=40))
    assert f"{len(pairs)} of {len(pairs)} pictures of digits" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": None}, "either ckpt="),
        ({"data": None}, "either ckpt="),
        ({"ckpt": "run"}, "either ckpt="),
        ({"n": 0}, "n=0"),
        ({"columns": 0}, "columns=0"),
        ({"split": "all"}, "split all is unknown"),
        ({"task": {**SUPER_RESOLUTION, "scale": 5}}, "task.scale=5"),
    ],
)
def test_values_that_do_not_work_are_named(tmp_path, changes, message):
    with pytest.raises(ConfigError, match=message):
        write_pair_sheet(settings(tmp_path, **changes))
