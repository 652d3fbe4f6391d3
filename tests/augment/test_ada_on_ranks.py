"""The probability is the same on every process, and that of one process with the whole batch."""

import pytest
from watched import ROWS, levels, run


@pytest.mark.slow
@pytest.mark.parametrize("world", [2, 3])
def test_all_ranks_are_of_one_mind(tmp_path, world):
    alone = levels(0, ROWS)
    assert len(set(alone)) > 2
    assert run(world, tmp_path) == [alone] * world
