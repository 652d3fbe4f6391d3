import pytest
import torch

from gansmith.data.split import held_out, of_split

KEYS = [f"picture{i}.png".encode() for i in range(2000)]


def test_split_is_the_same_on_every_machine():
    assert held_out(KEYS, 0.1).nonzero()[:6, 0].tolist() == [5, 13, 31, 36, 38, 53]


def test_train_and_test_share_nothing_and_miss_nothing():
    assert torch.equal(of_split("train", KEYS, 0.1), ~of_split("test", KEYS, 0.1))


def test_split_does_not_depend_on_the_order_or_on_other_pictures():
    order = torch.randperm(len(KEYS), generator=torch.Generator().manual_seed(0))[:700]
    some = held_out([KEYS[i] for i in order.tolist()], 0.1)
    assert torch.equal(some, held_out(KEYS, 0.1)[order])


def test_about_the_fraction_asked_for_is_held_out():
    assert held_out(KEYS, 0.1).sum().item() == pytest.approx(200, abs=40)
    assert not held_out(KEYS, 0.0).any()


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("fraction", [0.01, 0.99])
def test_neither_side_of_a_small_set_is_empty(count, fraction):
    assert 0 < held_out(KEYS[:count], fraction).sum() < count


def test_a_single_picture_is_for_training():
    assert of_split("train", KEYS[:1], 0.99).all()
    assert of_split("train", [], 0.5).shape == (0,)
