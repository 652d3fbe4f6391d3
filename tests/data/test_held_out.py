"""Held-out pairs: the same whenever and in whatever order they are asked for, and in both directions."""

import pytest
import torch

from gansmith.data.held_out import HeldOutPairs
from gansmith.data.tasks.task import Task
from gansmith.ranges import to_uint8


class Noisy(Task):
    def __init__(self):
        super().__init__(3, 3)

    def derive(self, fields, draws):
        return {"source": fields["image"] + draws.normal(*fields["image"].shape), "target": fields["image"]}

    def render(self, source, output):
        return -output

    def baseline(self, source):
        return source / 2


class Examples:
    """Pictures of different sizes."""

    fingerprint = "examples"
    paired = True

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return {"image": torch.full((3, 6 + index, 8), index, dtype=torch.uint8), "label": torch.tensor(0)}


@pytest.fixture
def pairs():
    return HeldOutPairs(Examples(), Noisy(), seed=3)


def test_targets_are_the_examples_as_floats(pairs):
    assert len(pairs) == 5
    source, target = pairs[4]
    assert source.shape == target.shape == (1, 3, 10, 8)
    assert to_uint8(target).unique().tolist() == [4]


def test_a_pair_depends_on_the_seed_and_its_place_alone(pairs):
    source, _ = pairs[2]
    pairs[0]
    assert torch.equal(pairs[2][0], source)
    assert not torch.equal(HeldOutPairs(Examples(), Noisy(), seed=4)[2][0], source)
    assert not torch.equal(pairs[1][0][..., :6, :], pairs[0][0])


def test_in_reverse_a_pair_is_the_other_way_round_and_of_plain_pictures(pairs):
    back = HeldOutPairs(Examples(), Noisy(), seed=3, direction="reverse")
    assert all(map(torch.equal, back[1], reversed(pairs[1])))
    source, target = pairs[1]
    assert torch.equal(pairs.render(source, target), -target)
    assert torch.equal(pairs.baseline(source), source / 2)
    assert torch.equal(back.render(source, target), target)
    assert torch.equal(back.baseline(source), source)
