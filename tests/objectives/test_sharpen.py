"""The unsharp mask against its formula by another library, and what must stay as it is."""

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d

from gansmith.errors import ConfigError
from gansmith.objectives.sharpen import UnsharpMask


def by_scipy(picture: np.ndarray, radius: int, sigma: float, amount: float, threshold: float) -> np.ndarray:
    """The mask of one channel (h, w) in 0..255."""
    weights = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    weights /= weights.sum()

    def blur(values: np.ndarray) -> np.ndarray:
        return correlate1d(correlate1d(values, weights, axis=0, mode="mirror"), weights, axis=1, mode="mirror")

    detail = picture - blur(picture)
    mask = blur((np.abs(detail) > threshold).astype(float))
    return mask * np.clip(picture + amount * detail, 0, 255) + (1 - mask) * picture


def test_is_the_formula():
    pictures = torch.rand(2, 3, 40, 33, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    numbers = {"radius": 6, "sigma": 2.5, "amount": 0.7, "threshold": 60.0}
    sharp = (UnsharpMask(**numbers)(pictures) + 1) * 127.5
    for before, after in zip(pictures.flatten(0, 1), sharp.flatten(0, 1), strict=True):
        np.testing.assert_allclose(after.numpy(), by_scipy((before.numpy() + 1) * 127.5, **numbers), atol=1e-9)


def test_an_edge_gets_steeper_and_noise_stays():
    edge = torch.full((1, 1, 64, 64), -0.5)
    edge[..., 32:] = 0.5
    sharp = UnsharpMask()(edge)
    assert sharp[..., 31].max() < -0.5
    assert sharp[..., 32].min() > 0.5
    noise = 0.01 * torch.rand(1, 3, 64, 64)
    assert torch.equal(UnsharpMask()(noise), noise)


def test_stays_in_range_also_for_pictures_smaller_than_the_blur():
    checks = torch.ones(1, 3, 12, 12)
    checks[..., ::3] = -1
    assert UnsharpMask()(checks).abs().max() <= 1


@pytest.mark.parametrize("wrong", [{"radius": 0}, {"sigma": 0.0}, {"amount": -1.0}, {"threshold": -1.0}])
def test_numbers_that_do_not_work_are_refused(wrong):
    with pytest.raises(ConfigError, match=r"model\.sharpen"):
        UnsharpMask(**wrong)
