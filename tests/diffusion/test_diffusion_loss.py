"""What a denoiser minimises."""

import pytest
import torch
from torch.nn.functional import mse_loss

from gansmith.diffusion.loss import diffusion_loss
from gansmith.diffusion.prediction import KINDS, target
from gansmith.diffusion.schedule import Cosine, alpha_sigma
from gansmith.noise import Noise

SCHEDULE = Cosine()


def shown(clean, start=0):
    """The noisy pictures and the times that a denoiser is asked about, and the loss if it answers 0."""
    asked = []

    def nothing(noisy, time):
        asked.append((noisy, time))
        return torch.zeros_like(noisy)

    loss = diffusion_loss(nothing, clean, SCHEDULE, "v", Noise(0, 8, start, torch.float64))
    return *asked[0], loss


def pictures(rows=8):
    return torch.linspace(-1, 1, rows * 4, dtype=torch.float64).view(rows, 1, 2, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_the_mean_squared_error_of_what_is_predicted(kind):
    clean, noise = pictures(), Noise(0, 8, 0, torch.float64)
    time, added = noise.uniform(8, 1).flatten(), noise.normal(8, 1, 2, 2)
    alpha, sigma = alpha_sigma(SCHEDULE, time, 4)

    def denoise(noisy, asked):
        torch.testing.assert_close(noisy, alpha * clean + sigma * added)
        assert torch.equal(asked, time)
        return torch.ones_like(noisy)

    loss = diffusion_loss(denoise, clean, SCHEDULE, kind, Noise(0, 8, 0, torch.float64))
    torch.testing.assert_close(loss, mse_loss(target(kind, clean, added, alpha, sigma), torch.ones_like(clean)))


def test_times_are_uniform_and_each_row_has_its_own():
    times = []
    clean = torch.zeros(4000, 1)
    diffusion_loss(
        lambda noisy, time: times.append(time) or noisy, clean, SCHEDULE, "v", Noise(0, 4000, 0, torch.float32)
    )
    ordered = times[0].sort().values
    torch.testing.assert_close(ordered, torch.linspace(0, 1, 4000), atol=0.03, rtol=0)


def test_a_batch_in_parts_is_the_batch():
    """Ranks and accumulated chunks see the times and the noise that one process sees."""
    noisy, time, loss = shown(pictures())
    parts = [shown(pictures()[start : start + 4], start) for start in (0, 4)]
    assert torch.equal(torch.cat([part[0] for part in parts]), noisy)
    assert torch.equal(torch.cat([part[1] for part in parts]), time)
    torch.testing.assert_close((parts[0][2] + parts[1][2]) / 2, loss)
