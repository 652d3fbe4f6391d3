import torch
from torch import Tensor

from gansmith.data.degrade import noise
from gansmith.data.degrade.lab import luma

BOTH = torch.tensor([False, True])


def white() -> Tensor:
    return torch.randn(2, 3, 128, 128, generator=torch.Generator().manual_seed(0))


def test_gaussian_noise_has_its_standard_deviation_in_levels() -> None:
    sigma = torch.tensor([5.0, 20.0])
    noisy = noise.gaussian(torch.zeros(2, 3, 128, 128), white(), sigma)
    torch.testing.assert_close(noisy.mul(127.5).std((1, 2, 3)), sigma, rtol=0.02, atol=0)
    assert noisy.mul(127.5).mean().abs() < 0.2


def test_grey_noise_is_one_for_all_channels() -> None:
    noisy = noise.gaussian(torch.zeros(2, 3, 128, 128), white(), torch.tensor([10.0, 10.0]), BOTH)
    assert torch.equal(noisy[1, 0], noisy[1, 1])
    assert torch.equal(noisy[1, 0], noisy[1, 2])
    assert torch.corrcoef(noisy[0].flatten(1))[0, 1].abs() < 0.05


def test_the_variance_of_poisson_noise_is_the_level() -> None:
    levels = torch.tensor([40.0, 160.0])
    images = levels.div(127.5).sub(1)[:, None, None, None].expand(2, 3, 128, 128)
    for scale in (1.0, 2.0):
        noisy = noise.poisson(images, white(), torch.full((2,), scale), ~BOTH & BOTH)
        change = noisy.sub(images).mul(127.5)
        torch.testing.assert_close(change.var((1, 2, 3)), levels * scale**2, rtol=0.03, atol=0)


def test_black_has_no_poisson_noise() -> None:
    black = torch.full((2, 3, 128, 128), -1.0)
    assert torch.equal(noise.poisson(black, white(), torch.tensor([3.0, 3.0]), BOTH), black)


def test_grey_poisson_noise_follows_the_luma() -> None:
    images = torch.tensor([-0.6, 0.3, 0.1])[None, :, None, None].expand(2, 3, 128, 128)
    change = noise.poisson(images, white(), torch.ones(2), BOTH) - images
    torch.testing.assert_close(change[1, 0], change[1, 2], rtol=0, atol=1e-6)
    count = luma(images)[0, 0, 0, 0].add(1).mul(127.5)
    torch.testing.assert_close(change[1, 0].mul(127.5).var(), count, rtol=0.05, atol=0)


def test_noisy_pictures_stay_in_their_range() -> None:
    images = torch.tensor([-1.0, 1.0])[:, None, None, None].expand(2, 3, 128, 128)
    for noisy in (
        noise.gaussian(images, white(), torch.tensor([50.0, 50.0])),
        noise.poisson(images, white(), torch.tensor([3.0, 3.0]), BOTH),
    ):
        assert noisy.min() >= -1
        assert noisy.max() <= 1
