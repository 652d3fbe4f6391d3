"""From noise to a picture, where the best denoiser is known."""

import pytest
import torch

from gansmith.diffusion.loss import diffusion_loss
from gansmith.diffusion.prediction import KINDS, noise_of, target
from gansmith.diffusion.sampler import Known, Sampler
from gansmith.diffusion.schedule import Cosine, alpha_sigma
from gansmith.errors import ConfigError
from gansmith.noise import Noise, NoiseByIndex

MEAN, DEVIATION = 0.5, 0.3
SCHEDULE = Cosine()


def best(kind):
    """E[x | α x + σ ε] for x ~ N(MEAN, DEVIATION²), as a prediction."""

    def denoise(noisy, time):
        alpha, sigma = alpha_sigma(SCHEDULE, time, noisy.ndim)
        gain = alpha * DEVIATION**2 / (alpha**2 * DEVIATION**2 + sigma**2)
        clean = MEAN + gain * (noisy - alpha * MEAN)
        return target(kind, clean, noise_of(clean, noisy, alpha, sigma), alpha, sigma)

    return denoise


def draws(rows, seed=0):
    return Noise(seed, rows, 0, torch.float64)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_samples_have_the_mean_and_the_deviation_of_the_data(kind, eta):
    samples = Sampler(SCHEDULE, kind, steps=200, eta=eta).sample(best(kind), (4000, 2), draws(4000))
    assert samples.mean().item() == pytest.approx(MEAN, abs=0.02)
    assert samples.std().item() == pytest.approx(DEVIATION, abs=0.02)


def test_without_noise_on_the_way_the_map_is_that_of_the_flow():
    """The probability flow of a Gaussian moves each quantile to the same quantile."""
    noise = draws(64).normal(64, 1)
    samples = Sampler(SCHEDULE, steps=2000).sample(best("v"), (64, 1), draws(64))
    torch.testing.assert_close(samples, MEAN + DEVIATION * noise, atol=5e-3, rtol=0)


def test_no_denoiser_has_a_smaller_loss_than_the_best():
    clean = MEAN + DEVIATION * torch.randn(20000, 1, dtype=torch.float64, generator=torch.manual_seed(1))
    least = diffusion_loss(best("v"), clean, SCHEDULE, "v", draws(20000))
    for shift in (-0.1, 0.1):
        worse = diffusion_loss(lambda x, t, shift=shift: best("v")(x, t) + shift, clean, SCHEDULE, "v", draws(20000))
        assert worse > least
    exact = diffusion_loss(best("v"), torch.full_like(clean, MEAN), SCHEDULE, "v", draws(20000))
    assert exact < least


def test_a_sample_depends_on_its_own_number_alone():
    def numbered(indices):
        noise = NoiseByIndex(3, torch.tensor(indices), torch.float64)
        return Sampler(SCHEDULE, steps=5, eta=1.0).sample(best("v"), (len(indices), 4), noise)

    torch.testing.assert_close(numbered([0, 1, 2])[[2]], numbered([2]))


def test_a_picture_stays_as_far_as_its_strength_says():
    picture = torch.full((1, 100), 5.0, dtype=torch.float64)
    sampler, near = Sampler(SCHEDULE, steps=50), []
    assert torch.equal(sampler.sample(best("v"), (1, 100), draws(1), known=Known(picture, 0.0)), picture)
    for strength in (0.1, 0.5, 1.0):
        drawn = sampler.sample(best("v"), (1, 100), draws(1), known=Known(picture, strength))
        near.append((drawn - picture).abs().mean())
    assert near == sorted(near)


def test_what_the_mask_leaves_out_is_kept_to_the_bit():
    picture = torch.randn(2, 1, 4, 4, dtype=torch.float64)
    mask = torch.zeros(4, 4)
    mask[:2] = 1
    drawn = Sampler(SCHEDULE, steps=5).sample(best("v"), (2, 1, 4, 4), draws(2), known=Known(picture, 1.0, mask))
    assert torch.equal(drawn[..., 2:, :], picture[..., 2:, :])
    assert (drawn[..., :2, :] != picture[..., :2, :]).all()


def test_what_is_drawn_fits_to_what_stays():
    """Of a pair with correlation 0.9, the second number is drawn around 0.9 times the first that stays."""
    correlation, rows = 0.9, 8000
    covariance = torch.tensor([[1, correlation], [correlation, 1]], dtype=torch.float64)

    def denoise(noisy, time):
        alpha, sigma = alpha_sigma(SCHEDULE, time[:1], noisy.ndim)
        gain = alpha * covariance @ torch.linalg.inv(alpha**2 * covariance + sigma**2 * torch.eye(2))
        return noisy @ gain.T

    picture = torch.randn(rows, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    known = Known(picture, mask=torch.tensor([0.0, 1.0]))
    stays, drawn = Sampler(SCHEDULE, "clean", steps=25).sample(denoise, (rows, 2), draws(rows), known=known).T
    assert torch.equal(stays, picture[:, 0])
    slope = (stays * drawn).mean() / stays.square().mean()
    assert slope.item() == pytest.approx(correlation, abs=0.08)
    assert (drawn - slope * stays).std().item() == pytest.approx((1 - correlation**2) ** 0.5, abs=0.08)


def test_what_limits_the_picture_is_asked_at_every_step():
    asked = []
    Sampler(SCHEDULE, steps=7).sample(best("v"), (1, 2), draws(1), limit=lambda clean: asked.append(1) or clean)
    assert len(asked) == 7


def test_numbers_that_do_not_work_are_one_line():
    with pytest.raises(ConfigError, match="steps=0"):
        Sampler(SCHEDULE, steps=0)
    with pytest.raises(ConfigError, match="strength=2"):
        Known(torch.zeros(1), strength=2)
