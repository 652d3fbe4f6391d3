"""What tells networks with the same weights from others."""

import copy

import pytest
import torch
from torch import nn

from gansmith.networks.fingerprint import fingerprint


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))


def test_equal_weights_have_one_and_it_is_a_name():
    mine = network()
    assert fingerprint(mine) == fingerprint(network()) == fingerprint(copy.deepcopy(mine).eval())
    assert len(fingerprint(mine)) == 16
    assert int(fingerprint(mine), 16) >= 0


def test_how_weights_lie_in_memory_does_not_matter():
    assert fingerprint(network().to(memory_format=torch.channels_last)) == fingerprint(network())


@pytest.mark.parametrize("name", list(network().state_dict()))
def test_one_changed_value_is_another(name):
    mine = network()
    value = mine.state_dict()[name]
    with torch.no_grad():
        value.view(-1)[-1] += 1
    assert fingerprint(mine) != fingerprint(network())


def test_the_smallest_change_is_one():
    mine = network()
    with torch.no_grad():
        weight = mine[0].weight.view(-1)
        weight[0] = torch.nextafter(weight[0], torch.tensor(torch.inf))
    assert fingerprint(mine) != fingerprint(network())


def test_the_same_values_under_other_names_are_another():
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    for layer in (first, second):
        nn.init.ones_(layer.weight)
    names = [nn.ModuleDict({name: copy.deepcopy(first)}) for name in ("a", "b")]
    assert fingerprint(names[0]) != fingerprint(names[1])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_any_type_of_numbers_has_one(dtype):
    assert fingerprint(network().to(dtype)) == fingerprint(network().to(dtype))
    assert fingerprint(network().to(dtype)) != fingerprint(network(1).to(dtype))
