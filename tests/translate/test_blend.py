"""Weights between two networks."""

import pytest
import torch
from torch import nn

from gansmith.errors import CheckpointError, ConfigError
from gansmith.translate.blend import blend


def network(width=3):
    return nn.Sequential(nn.Conv2d(1, width, 3), nn.BatchNorm2d(width))


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_weights_lie_between_the_two(alpha):
    own, other = network(), network()
    own[1].running_mean.fill_(1.0)
    before = {name: weight.clone() for name, weight in own.state_dict().items()}
    blend(own, other, alpha)
    for name, weight in own.state_dict().items():
        expected = (1 - alpha) * other.state_dict()[name] + alpha * before[name]
        torch.testing.assert_close(weight, expected.to(weight.dtype))


def test_other_shapes_are_refused_by_name():
    with pytest.raises(CheckpointError, match=r"0\.bias is \(4,\) there and \(3,\)"):
        blend(network(), network(4), 0.5)
    with pytest.raises(CheckpointError, match=r"0\.bias is missing there"):
        blend(network(), nn.Sequential(), 0.5)


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan")])
def test_a_share_lies_between_none_and_all(alpha):
    with pytest.raises(ConfigError, match="alpha="):
        blend(network(), network(), alpha)
