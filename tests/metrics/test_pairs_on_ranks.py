"""Any number of processes gives the numbers of one, also for fewer pictures than processes."""

import pytest
from ranked_pairs import measure, run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("world", "count"), [(2, 11), (3, 11), (3, 2)])
def test_ranks_agree_with_one_process(tmp_path, world, count):
    alone = measure(count)
    assert {"psnr", "perceptual_efficientnet_lite0", "ssim_y_reverse", "fd_efficientnet_lite0"} <= alone.keys()
    for result in run(world, tmp_path, count):
        assert result == alone
