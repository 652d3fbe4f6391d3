import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gansmith.data.degrade.blind import FIRST, KERNELS, SECOND, random_kernels, second_order
from gansmith.noise import Noise, NoiseByIndex


def pictures(rows: int, channels: int = 3, height: int = 48, width: int = 64) -> Tensor:
    coarse = torch.rand(rows, channels, 6, 8, generator=torch.Generator().manual_seed(0))
    return interpolate(coarse, (height, width), mode="bilinear").mul(2).sub(1)


def test_probabilities_sum_to_one() -> None:
    for probabilities in (KERNELS, FIRST.resize, SECOND.resize):
        assert sum(probabilities) == pytest.approx(1)


def test_kernels_sum_to_one_and_end_at_sizes_from_7_to_21() -> None:
    kernels = random_kernels(Noise(0, 500, 0, torch.float32), 500, (1.5, 3.0))
    torch.testing.assert_close(kernels.sum((1, 2)), torch.ones(500))
    row = kernels.abs().amax(1) > 0
    widths = row.sum(1)
    assert set(widths.tolist()) <= {7, 9, 11, 13, 15, 17, 19, 21}
    assert widths.float().std() > 3


def test_one_kernel_in_ten_rings() -> None:
    kernels = random_kernels(Noise(0, 4000, 0, torch.float32), 4000, (0.2, 3.0))
    rings = (kernels < -1e-4).flatten(1).any(1).float().mean()
    assert 0.08 < rings < 0.12


@pytest.mark.parametrize("channels", [1, 3])
def test_the_result_has_the_wanted_size_and_range(channels: int) -> None:
    result = second_order(pictures(6, channels), 12, 16, Noise(0, 6, 0, torch.float32))
    assert result.shape == (6, channels, 12, 16)
    assert result.abs().max() <= 1


def test_every_picture_is_degraded_in_its_own_way() -> None:
    result = second_order(pictures(1).expand(8, -1, -1, -1), 12, 16, Noise(0, 8, 0, torch.float32))
    differences = torch.cdist(result.flatten(1), result.flatten(1)) + 100 * torch.eye(8)
    assert differences.min() > 0.1


def test_what_is_left_is_the_picture() -> None:
    images = pictures(16)
    small = interpolate(images, (12, 16), mode="area")
    result = second_order(images, 12, 16, Noise(0, 16, 0, torch.float32))
    own = (result - small).square().mean((1, 2, 3))
    other = (result - small.roll(1, 0)).square().mean((1, 2, 3))
    assert (own < other).float().mean() > 0.9
    assert own.mean() > 1e-3


def test_a_row_depends_on_its_draws_alone() -> None:
    images = pictures(4)
    whole = second_order(images, 12, 16, Noise(5, 4, 0, torch.float32))
    halves = [second_order(images[k : k + 2], 12, 16, Noise(5, 4, k, torch.float32)) for k in (0, 2)]
    torch.testing.assert_close(torch.cat(halves), whole, rtol=0, atol=0)
    among = second_order(images, 12, 16, NoiseByIndex(5, torch.arange(4)))
    alone = second_order(images[2:3], 12, 16, NoiseByIndex(5, torch.tensor([2])))
    torch.testing.assert_close(alone, among[2:3], rtol=0, atol=0)


def test_tiny_pictures_come_out_as_well() -> None:
    for seed in range(10):
        assert second_order(pictures(2, 3, 8, 9), 1, 1, Noise(seed, 2, 0, torch.float32)).isfinite().all()
