"""Bytes and floats."""

import torch

from gansmith.ranges import to_uint8, to_unit_range


def test_pictures_survive_the_way_to_floats_and_back():
    levels = torch.arange(256, dtype=torch.uint8)
    floats = to_unit_range(levels)
    assert floats.min() == -1
    assert floats.max() == 1
    assert torch.equal(to_uint8(floats), levels)
    label = torch.tensor([3])
    assert to_unit_range(label) is label


def test_floats_go_to_the_nearest_level():
    assert to_uint8(torch.tensor([-1.5, -1 + 0.4 / 127.5, 0.9999, 2.0])).tolist() == [0, 0, 255, 255]
