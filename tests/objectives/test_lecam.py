"""LeCam regularisation against its formula."""

import pytest
import torch
from torch.testing import assert_close

from gansmith.errors import ConfigError
from gansmith.objectives.lecam import LeCam


def value(penalty, real, fake):
    pictures = torch.zeros(len(real), 1, 2, 2)
    return penalty(None, pictures, pictures, None, (torch.tensor(real), torch.tensor(fake)))


def test_each_side_is_compared_with_the_running_mean_of_the_other():
    penalty = LeCam(weight=0.5, decay=0.75)
    # The means start with those of the first step: 2 and -1.
    assert_close(value(penalty, [1.0, 3.0], [-1.0, -1.0]), torch.tensor(0.5 * ((2**2 + 4**2) / 2 + 3**2)))
    # Then 0.75 * 2 + 0.25 * 4 = 2.5, and -0.75 + 0.25 * 1 = -0.5.
    assert_close(value(penalty, [4.0], [1.0]), torch.tensor(0.5 * (4.5**2 + 1.5**2)))


def test_running_means_are_checkpointed():
    penalty, other = LeCam(), LeCam()
    value(penalty, [2.0], [-2.0])
    other.load_state_dict(penalty.state_dict())
    assert_close(value(other, [1.0], [0.0]), value(penalty, [1.0], [0.0]))


def test_a_decay_outside_its_range_is_an_error():
    with pytest.raises(ConfigError, match="decay is 1"):
        LeCam(decay=1)
