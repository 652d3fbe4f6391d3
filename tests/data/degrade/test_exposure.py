import pytest
import torch

from gansmith.data.degrade import exposure
from gansmith.data.degrade.lab import luma


@pytest.fixture
def images():
    return torch.rand(3, 3, 6, 5, generator=torch.Generator().manual_seed(0)) * 2 - 1


def factors(*values):
    return torch.tensor(values)


def test_neutral_factors_change_nothing(images):
    one = torch.ones(3)
    for same in (
        exposure.expose(images, one, one),
        exposure.contrast(images, one),
        exposure.saturate(images, one),
        exposure.cast(images, torch.zeros(3, 3)),
        exposure.cast(images, torch.full((3, 3), 0.7)),
    ):
        torch.testing.assert_close(same, images, rtol=0, atol=1e-6)


def test_exposure_is_gain_times_a_power(images):
    gain, gamma = factors(0.5, 1.0, 2.0), factors(1.0, 2.0, 0.5)
    values = (images + 1) / 2
    expected = torch.stack([0.5 * values[0], values[1] ** 2, 2 * values[2].sqrt()]).clamp(0, 1)
    torch.testing.assert_close(exposure.expose(images, gain, gamma), 2 * expected - 1)


def test_contrast_scales_differences_to_mid_grey_and_clips(images):
    result = exposure.contrast(images, factors(0.0, 0.5, 3.0))
    assert (result[0] == 0).all()
    torch.testing.assert_close(result[1], images[1] / 2)
    torch.testing.assert_close(result[2], (3 * images[2]).clamp(-1, 1))


def test_saturation_keeps_the_grey_of_each_pixel(images):
    result = exposure.saturate(images, factors(0.0, 0.5, 0.8))
    torch.testing.assert_close(luma(result), luma(images))
    torch.testing.assert_close(result[0], luma(images)[0].expand(3, -1, -1))
    torch.testing.assert_close(result[1], (images[1] + luma(images)[1]) / 2)


def test_a_cast_multiplies_channels_around_their_geometric_mean():
    grey = torch.full((1, 3, 2, 2), -0.5)
    red, green, blue = (exposure.cast(grey, torch.tensor([[1.0, 0.0, -1.0]]))[0, :, 0, 0] + 1) / 2
    assert (red, green, blue) == (0.5, 0.25, 0.125)
    assert exposure.cast(torch.ones(1, 3, 2, 2), torch.tensor([[1.0, 0.0, -1.0]])).amax() == 1


def test_rows_have_their_own_factors(images):
    together = exposure.expose(images, factors(0.3, 0.6, 0.9), factors(0.8, 1.0, 1.2))
    alone = exposure.expose(images[1:2], factors(0.6), factors(1.0))
    assert torch.equal(together[1:2], alone)
