"""Structural similarity as Wang et al. define it, whatever the size of the picture."""

import pytest
import torch
from skimage.metrics import structural_similarity

from gansmith.metrics.ssim import BAND, C1, gaussian, ssim


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def distorted(truth: torch.Tensor, seed: int = 1) -> torch.Tensor:
    change = torch.randint(-40, 41, truth.shape, generator=torch.Generator().manual_seed(seed))
    return (truth + change).clamp(0, 255).to(torch.uint8)


def theirs(output: torch.Tensor, truth: torch.Tensor) -> float:
    """With sigma 1.5 scikit-image's window is 11 pixels wide; it leaves out the border in its mean."""
    a, b = (picture.permute(1, 2, 0).double().numpy() for picture in (output, truth))
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    return structural_similarity(a, b, channel_axis=2, **options)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(11, 11), (32, 45), (2 * BAND + 17, 12)])
def test_each_picture_has_what_scikit_image_says(channels, size):
    truth = noise(2, channels, *size)
    output = distorted(truth)
    expected = [theirs(a, b) for a, b in zip(output, truth)]
    assert ssim(output, truth).tolist() == pytest.approx(expected, abs=1e-9)


def test_the_colours_score_is_the_mean_of_its_channels():
    truth = noise(2, 3, 20, 20)
    output = distorted(truth)
    channels = torch.stack([ssim(output[:, [c]], truth[:, [c]]) for c in range(3)])
    assert torch.allclose(ssim(output, truth), channels.mean(0))


@pytest.mark.parametrize("side", [3, 10, 24])
def test_two_flat_pictures_differ_in_luminance_alone(side):
    first, second = (torch.full((1, 1, side, side), value, dtype=torch.uint8) for value in (50, 200))
    expected = (2 * 50 * 200 + C1) / (50**2 + 200**2 + C1)
    assert ssim(first, second).item() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (8, 8), (10, 40), (31, 33)])
def test_equal_pictures_score_one(size):
    assert ssim(noise(2, 3, *size), noise(2, 3, *size)).tolist() == pytest.approx([1, 1])


def test_it_is_symmetric_and_falls_with_the_distortion():
    truth = noise(1, 1, 30, 30)
    a_little, much = truth.clone(), noise(1, 1, 30, 30, seed=5)
    a_little[..., ::3] += 5
    assert ssim(a_little, truth) == ssim(truth, a_little)
    assert ssim(truth, truth) > ssim(a_little, truth) > ssim(much, truth)


def test_the_window_is_a_gaussian_that_sums_to_one():
    window = gaussian(11)
    assert window.sum().item() == pytest.approx(1)
    assert (window[5 + 3] / window[5]).item() == pytest.approx(2.718281828**-2)  # 3 pixels are two sigma
    assert torch.equal(window, window.flip(0))
