from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gansmith.data.tasks.task import Task
from gansmith.errors import ConfigError
from gansmith.noise import Noise

Configured = Callable[..., Task]


def source_of_a_point(task: Task, rows: int) -> Tensor:
    """What becomes of a white pixel on black, as shares of its light; (rows, 1, 61, 61)."""
    images = torch.full((rows, 1, 61, 61), -1.0)
    images[:, :, 30, 30] = 1
    return task.derive({"image": images}, Noise(0, rows, 0, torch.float32))["source"].add(1).div(2)


def test_light_is_spread_and_not_lost(configured: Configured) -> None:
    spread = source_of_a_point(configured("deblur", 1, length=[3, 9]), 20)
    torch.testing.assert_close(spread.sum((1, 2, 3)), torch.ones(20), rtol=0, atol=0.1)
    assert spread.amax((1, 2, 3)).max() < 0.7


def test_the_share_of_motion_is_that_of_the_config(configured: Configured) -> None:
    def moved(motion: float) -> float:
        spread = source_of_a_point(configured("deblur", 1, sigma=[2, 2], length=[15, 15], motion=motion), 100)
        # The lines reach 7 pixels from the middle where the Gaussian has nothing left, in 8 bits.
        place = torch.arange(61.0) - 30
        outside = torch.hypot(place[None, :], place[:, None]) > 7
        return float((spread[:, 0] * outside).flatten(1).amax(1).gt(0.01).float().mean())

    assert moved(0.0) == 0
    assert moved(1.0) == 1
    assert 0.35 < moved(0.5) < 0.65


def test_the_kernel_has_room_for_the_largest_blur(configured: Configured) -> None:
    assert configured("deblur", sigma=[1, 10], length=[3, 5]).size == 61
    spread = source_of_a_point(configured("deblur", 1, sigma=[1, 1], length=[41, 41], motion=1), 30)[:, 0]
    reach = torch.maximum((spread > 0).any(1).sum(1), (spread > 0).any(2).sum(1))
    assert reach.max() >= 41


def test_the_source_is_a_file_of_the_same_size(
    configured: Configured, pictures: Callable[..., Tensor], has_eight_bits: Callable[[Tensor], bool]
) -> None:
    task, images = configured("deblur"), pictures(3, 3, 17, 43)
    pair = task.derive({"image": images}, Noise(0, 3, 0, torch.float32))
    assert torch.equal(pair["target"], images)
    assert pair["source"].shape == images.shape
    assert has_eight_bits(pair["source"])


def test_a_pair_belongs_to_its_row(configured: Configured, rows_stand_alone: Callable[..., None]) -> None:
    rows_stand_alone(configured("deblur"))


@pytest.mark.parametrize(
    ("key", "value"), [("sigma", [0, 3]), ("sigma", [3, 1]), ("length", [-1, 5]), ("length", 7), ("motion", 1.5)]
)
def test_a_value_out_of_range_is_refused_by_name(key: str, value: object, configured: Configured) -> None:
    with pytest.raises(ConfigError, match=rf"task\.{key}="):
        configured("deblur", **{key: value})
