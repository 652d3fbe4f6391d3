from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from gansmith.data.degrade.resize import resize
from gansmith.data.tasks.task import Task, eight_bits
from gansmith.errors import ConfigError, DataError
from gansmith.noise import Noise

NAMES = ["super_resolution", "blind_super_resolution"]
Configured = Callable[..., Task]
Pictures = Callable[..., Tensor]


def derived(task: Task, images: Tensor) -> dict[str, Tensor]:
    return task.derive({"image": images}, Noise(0, len(images), 0, torch.float32))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("name", NAMES)
def test_the_source_is_smaller_by_the_scale_and_a_file(
    name: str, scale: int, channels: int, configured: Configured, pictures: Pictures, has_eight_bits: Callable
) -> None:
    task = configured(name, channels, scale=scale)
    pair = derived(task, pictures(2, channels, 48, 72))
    assert task.scale == scale
    assert pair["target"].shape == (2, channels, 48, 72)
    assert pair["source"].shape == (2, channels, 48 // scale, 72 // scale)
    assert has_eight_bits(pair["source"])
    assert task.baseline(pair["source"]).shape == pair["target"].shape


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_of_any_size_is_cut_to_multiples_at_its_end(
    name: str, configured: Configured, pictures: Pictures
) -> None:
    task, images = configured(name, scale=4), pictures(1, 3, 47, 33)
    pair = derived(task, images)
    assert torch.equal(pair["target"], images[..., :44, :32])
    assert pair["source"].shape == (1, 3, 11, 8)


def test_the_source_is_imresize_of_matlab_in_8_bits(configured: Configured, pictures: Pictures) -> None:
    images = pictures(2, 3, 24, 40)
    expected = eight_bits(resize(images, 12, 20, border="mirror"))
    assert torch.equal(derived(configured("super_resolution", scale=2), images)["source"], expected)


def test_the_baseline_is_the_bicubic_enlargement(configured: Configured, pictures: Pictures) -> None:
    task, source = configured("super_resolution", scale=3), pictures(1)
    torch.testing.assert_close(task.baseline(source), resize(source, 72, 120, border="mirror").clamp(-1, 1))


def test_the_blind_source_is_worse_than_the_bicubic_one(configured: Configured, pictures: Pictures) -> None:
    images = pictures(8, 3, 48, 64)
    errors = []
    for name in NAMES:
        task = configured(name, scale=2)
        pair = derived(task, images)
        errors.append((task.baseline(pair["source"]) - pair["target"]).square().mean())
    assert errors[1] > 10 * errors[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_pair_belongs_to_its_row(name: str, configured: Configured, rows_stand_alone: Callable[..., None]) -> None:
    rows_stand_alone(configured(name, scale=4))


@pytest.mark.parametrize("scale", [1, 5, 4.0, "x"])
@pytest.mark.parametrize("name", NAMES)
def test_another_scale_is_refused_by_name(name: str, scale: object, configured: Configured) -> None:
    with pytest.raises(ConfigError, match=r"task\.scale=.* 2, 3, 4, 8"):
        configured(name, scale=scale)


def test_blind_degradation_is_for_grey_and_colour(configured: Configured) -> None:
    with pytest.raises(ConfigError, match=r"task\.target_channels=2"):
        configured("blind_super_resolution", 2)


def test_a_picture_smaller_than_the_scale_is_refused(configured: Configured, pictures: Pictures) -> None:
    with pytest.raises(DataError, match=r"7 x 30 .*task\.scale=8"):
        derived(configured("super_resolution", scale=8), pictures(1, 3, 7, 30))
