"""What a network says about a noisy picture."""

import pytest
import torch

from gansmith.diffusion.guidance import dynamic_threshold, guided
from gansmith.diffusion.prediction import KINDS, check_kind, clean_of, noise_of, target
from gansmith.errors import ConfigError


def noisy():
    torch.manual_seed(0)
    clean, noise = torch.randn(2, 4, 3, dtype=torch.float64)
    angle = torch.rand(4, 1, dtype=torch.float64) + 0.1
    return clean, noise, angle.cos(), angle.sin()


@pytest.mark.parametrize("kind", KINDS)
def test_the_right_prediction_gives_picture_and_noise_back(kind):
    clean, noise, alpha, sigma = noisy()
    current = alpha * clean + sigma * noise
    said = target(kind, clean, noise, alpha, sigma)
    torch.testing.assert_close(clean_of(kind, said, current, alpha, sigma), clean)
    torch.testing.assert_close(noise_of(clean, current, alpha, sigma), noise)


def test_v_is_the_velocity_along_the_arc():
    """x_φ = cos φ x + sin φ ε has the derivative v (arXiv:2202.00512, appendix D)."""
    clean, noise, _, _ = noisy()
    angle = torch.tensor(0.7, dtype=torch.float64)
    _, velocity = torch.func.jvp(lambda at: at.cos() * clean + at.sin() * noise, (angle,), (torch.ones_like(angle),))
    torch.testing.assert_close(target("v", clean, noise, angle.cos(), angle.sin()), velocity)


def test_another_word_is_one_line():
    with pytest.raises(ConfigError, match="predicts is eps; it can be v, clean, noise"):
        check_kind("eps")


@pytest.mark.parametrize("kind", KINDS)
def test_guidance_is_the_same_picture_for_each_kind(kind):
    clean, noise, alpha, sigma = noisy()
    current, other = alpha * clean + sigma * noise, clean.flip(0)
    said = [target(kind, one, noise_of(one, current, alpha, sigma), alpha, sigma) for one in (clean, other)]
    mixed = clean_of(kind, guided(*said, weight=3.0), current, alpha, sigma)
    torch.testing.assert_close(mixed, other + 3.0 * (clean - other))
    assert torch.equal(guided(*said, weight=0.0), said[1])
    torch.testing.assert_close(guided(*said, weight=1.0), said[0])


def test_a_threshold_follows_the_largest_values_and_leaves_pictures_in_range_alone():
    inside, outside = torch.linspace(-1, 1, 101), torch.linspace(-2, 2, 101)
    limited = dynamic_threshold(torch.stack([inside, outside]), share=0.9)
    torch.testing.assert_close(limited[0], inside)
    torch.testing.assert_close(limited[1], (outside / 1.8).clamp(-1, 1))
