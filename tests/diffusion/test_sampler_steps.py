"""Each step from noise to a picture, where all data are one picture and each distribution has a closed form."""

import pytest
import torch

from gansmith.diffusion.sampler import RESAMPLED, Known, Sampler
from gansmith.diffusion.schedule import Cosine, alpha_sigma
from gansmith.noise import Noise

SCHEDULE = Cosine(most=2.0)
"""Its last time still shows some of the picture: else what comes first would say nothing about what follows."""

CLEAN, FIRST = 0.7, 1.3


class Scripted:
    """FIRST, then `later`, for draws."""

    def __init__(self, later):
        self.values = iter([FIRST, later])

    def normal(self, rows, *shape):
        return torch.full((rows, *shape), next(self.values), dtype=torch.float64)


def questions(draws, shape=(1, 1), known=None, **settings):
    """The noisy pictures and the times that a sampler asks about; the answer is CLEAN."""
    asked = []

    def denoise(noisy, time):
        asked.append((noisy, time[0].item()))
        return torch.full_like(noisy, CLEAN)

    Sampler(SCHEDULE, "clean", **settings).sample(denoise, shape, draws, known=known)
    return asked


def level(time):
    alpha, sigma = alpha_sigma(SCHEDULE, torch.tensor([time], dtype=torch.float64), 1)
    return alpha.item(), sigma.item()


def posterior():
    """Mean and deviation of x_½ given x_1 = FIRST and the picture, by the rule of Bayes for Gaussians."""
    (alpha, sigma), (half_alpha, half_sigma) = level(1.0), level(0.5)
    kept = alpha / half_alpha
    added = sigma**2 - (kept * half_sigma) ** 2
    precision = 1 / half_sigma**2 + kept**2 / added
    return (half_alpha * CLEAN / half_sigma**2 + kept * FIRST / added) / precision, precision**-0.5


def halfway(eta):
    """x_½ for a draw of 0, and what a draw of 1 adds."""
    still, moved = (questions(Scripted(later), steps=2, eta=eta)[1][0].item() for later in (0.0, 1.0))
    return still, moved - still


def test_a_step_of_ancestral_sampling_is_a_draw_from_the_posterior():
    """Ho et al., 2020, arXiv:2006.11239, equations 6 and 7."""
    assert halfway(eta=1.0) == pytest.approx(posterior(), rel=1e-9)


@pytest.mark.parametrize("eta", [0.25, 0.5, 1.0])
def test_eta_is_the_share_of_ancestral_noise_and_leaves_the_marginal_alone(eta):
    """Song et al., 2021, arXiv:2010.02502, equations 12 and 16."""
    (alpha, sigma), (half_alpha, half_sigma) = level(1.0), level(0.5)
    still, fresh = halfway(eta)
    assert fresh == pytest.approx(eta * posterior()[1], rel=1e-9)
    implied = (FIRST - alpha * CLEAN) / sigma
    carried = (still - half_alpha * CLEAN) / implied
    assert carried**2 + fresh**2 == pytest.approx(half_sigma**2, rel=1e-9)


@pytest.mark.parametrize("mask", [None, torch.tensor([1.0, 0.0])])
@pytest.mark.parametrize("strength", [0.4, 1.0])
def test_times_fall_evenly_from_the_strength(mask, strength):
    known = Known(torch.zeros(1, 2, dtype=torch.float64), strength, mask)
    times = [time for _, time in questions(Noise(0, 1, 0, torch.float64), (1, 2), known, steps=4)]
    assert len(times) == (4 if mask is None else 3 * RESAMPLED + 1)
    assert list(dict.fromkeys(times)) == pytest.approx([strength * share for share in (1.0, 0.75, 0.5, 0.25)])


def test_the_part_that_stays_has_fresh_noise_of_each_time():
    rows = 4000
    picture = torch.linspace(-1, 1, 6, dtype=torch.float64).expand(rows, 6)
    known = Known(picture, 0.8, mask=torch.tensor([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]))
    before = torch.zeros(rows, 3, dtype=torch.float64)
    for noisy, time in questions(Noise(0, rows, 0, torch.float64), (rows, 6), known, steps=5):
        alpha, sigma = level(time)
        noise = ((noisy - alpha * picture) / sigma)[:, 3:]
        assert noise.mean().item() == pytest.approx(0, abs=0.03)
        assert noise.std().item() == pytest.approx(1, abs=0.03)
        # What is noised further keeps some of the noise that it had.
        assert (noise * before).mean().item() < 0.95
        before = noise
