"""Weights in a box."""

import pytest
from torch import nn
from torch.testing import assert_close

from gansmith.errors import ConfigError
from gansmith.objectives.weight_clipping import WeightClipping


def test_weights_are_cut_to_the_limit_after_a_step_and_the_loss_is_left_alone():
    critic, clipping = nn.Linear(4, 2), WeightClipping(0.3)
    before = {name: weight.clone() for name, weight in critic.named_parameters()}
    clipping.after_step(critic)
    for name, weight in critic.named_parameters():
        assert_close(weight, before[name].clamp(-0.3, 0.3))
    assert not any(clipping.is_due(step) for step in range(10))


def test_a_limit_of_zero_is_an_error():
    with pytest.raises(ConfigError, match="limit is 0"):
        WeightClipping(0)
