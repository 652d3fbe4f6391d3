"""A loss that compares with the mean of the whole batch is the same on any number of processes."""

import pytest
import torch
from averaged import ROWS, losses_and_gradients, run

from gansmith.objectives.global_mean import global_mean


def test_of_one_process_is_what_it_is():
    values = torch.tensor([1.0, 2.0], requires_grad=True)
    assert torch.equal(global_mean(values), values)


@pytest.mark.slow
@pytest.mark.parametrize("world", [2, 3])
def test_averaged_gradients_are_those_of_the_whole_batch(tmp_path, world):
    alone = losses_and_gradients(0, ROWS)
    for averaged, whole in zip(zip(*run(world, tmp_path)), alone, strict=True):
        torch.testing.assert_close(torch.stack(averaged).mean(0), whole)
