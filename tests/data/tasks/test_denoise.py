from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gansmith.data.tasks.task import Task
from gansmith.errors import ConfigError
from gansmith.noise import Noise

Configured = Callable[..., Task]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_noise_has_the_stated_strength(channels: int, configured: Configured) -> None:
    task = configured("denoise", channels, sigma=[20, 20])
    grey = torch.zeros(4, channels, 64, 64)
    pair = task.derive({"image": grey}, Noise(0, 4, 0, torch.float32))
    assert torch.equal(pair["target"], grey)
    torch.testing.assert_close(pair["source"].mul(127.5).std(), torch.tensor(20.0), rtol=0.03, atol=0)


def test_strengths_fill_their_range(configured: Configured) -> None:
    pair = configured("denoise").derive({"image": torch.zeros(200, 3, 16, 16)}, Noise(0, 200, 0, torch.float32))
    strength = pair["source"].mul(127.5).std((1, 2, 3))
    assert 4 < strength.min() < 8
    assert 45 < strength.max() < 53
    assert abs(strength.mean() - 27.5) < 3


def test_the_source_is_a_file_of_the_same_size(
    configured: Configured, pictures: Callable[..., Tensor], has_eight_bits: Callable[[Tensor], bool]
) -> None:
    task, images = configured("denoise"), pictures(2, 3, 17, 23)
    pair = task.derive({"image": images}, Noise(0, 2, 0, torch.float32))
    assert pair["source"].shape == images.shape
    assert has_eight_bits(pair["source"])
    assert task.baseline(pair["source"]) is pair["source"]


def test_a_pair_belongs_to_its_row(configured: Configured, rows_stand_alone: Callable[..., None]) -> None:
    rows_stand_alone(configured("denoise"))


@pytest.mark.parametrize("sigma", [[-1, 5], [50, 5], [0, 300], 25, [5], "strong", ["a", "b"]])
def test_a_range_that_is_none_is_refused_by_name(sigma: object, configured: Configured) -> None:
    with pytest.raises(ConfigError, match=r"task\.sigma=.*from 0 to 255"):
        configured("denoise", sigma=sigma)
