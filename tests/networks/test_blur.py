import pytest
import torch

from gansmith.networks.blur import BlurDown, BlurUp


@pytest.mark.parametrize("resample", [BlurDown(), BlurUp()])
def test_a_constant_stays_constant_up_to_the_edges(resample):
    features = torch.tensor([2.0, -3.0]).view(1, 2, 1, 1).expand(1, 2, 8, 6)
    resampled = resample(features)
    torch.testing.assert_close(resampled, features[:, :, :1, :1].expand_as(resampled))


def test_down_lets_the_highest_frequency_vanish():
    rows, columns = torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
    for pattern in (rows % 2, columns % 2, (rows + columns) % 2):
        halved = BlurDown()(pattern.float()[None, None])
        torch.testing.assert_close(halved, torch.full_like(halved, 0.5))


def test_up_continues_a_ramp_between_the_pixels():
    ramp = torch.arange(6.0).expand(6, 6)[None, None]
    enlarged = BlurUp()(ramp)
    # The centres of the pixels at twice the side lie a quarter of a pixel beside those of the old ones.
    inner = (torch.arange(12) - 0.5) / 2
    torch.testing.assert_close(enlarged[0, 0, 4, 2:-2], inner[2:-2])


def test_sides_are_halved_and_doubled():
    assert BlurDown()(torch.zeros(2, 3, 8, 12)).shape == (2, 3, 4, 6)
    assert BlurUp()(torch.zeros(2, 3, 4, 6)).shape == (2, 3, 8, 12)


def test_the_kernel_is_no_weight_that_a_checkpoint_holds():
    assert not BlurDown().state_dict()
    assert not list(BlurUp().parameters())
