"""Signal-to-noise ratio and luma: closed forms, and what others compute."""

import math

import pytest
import torch
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio

from gansmith.metrics.luma import luma
from gansmith.metrics.psnr import l1, psnr


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


@pytest.mark.parametrize("step", [1, 5, 255])
def test_a_constant_error_has_its_closed_form(step):
    truth = torch.zeros(1, 3, 7, 9, dtype=torch.uint8)
    assert psnr(truth + step, truth).item() == pytest.approx(20 * math.log10(255 / step), abs=1e-12)
    assert l1(truth + step, truth).item() == pytest.approx(step / 255)


def test_the_error_is_that_of_all_channels_together():
    """The mean of three channels' decibels would be another number."""
    truth = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)
    output = truth.clone()
    output[:, 0] = 30
    assert psnr(output, truth).item() == pytest.approx(10 * math.log10(255**2 / 300))


@pytest.mark.parametrize("channels", [1, 3])
def test_each_picture_has_what_scikit_image_says(channels):
    output, truth = noise(4, channels, 20, 30), noise(4, channels, 20, 30, seed=1)
    theirs = [peak_signal_noise_ratio(b.numpy(), a.numpy(), data_range=255) for a, b in zip(output, truth)]
    assert psnr(output, truth).tolist() == pytest.approx(theirs, rel=1e-12)


def test_equal_pictures_have_a_finite_score():
    assert psnr(noise(2, 3, 8, 8), noise(2, 3, 8, 8)).tolist() == [100, 100]
    assert l1(noise(2, 3, 8, 8), noise(2, 3, 8, 8)).tolist() == [0, 0]


def test_luma_is_that_of_matlab():
    """rgb2ycbcr's documented range; the luma of a primary is its weight above black."""
    colours = torch.tensor([[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]], dtype=torch.uint8)
    values = luma(colours[:, :, None, None]).flatten()
    assert values.tolist() == pytest.approx([16, 235, 81.481, 144.553, 40.966])


def test_luma_is_what_scikit_image_says_and_is_not_rounded():
    pictures = noise(3, 3, 5, 6)
    theirs = torch.from_numpy(rgb2ycbcr(pictures.permute(0, 2, 3, 1).numpy())[..., 0])
    assert torch.allclose(luma(pictures)[:, 0], theirs, rtol=0, atol=1e-9)


def test_grey_pictures_are_their_own_luma():
    pictures = noise(2, 1, 5, 6)
    assert torch.equal(luma(pictures), pictures.double())
