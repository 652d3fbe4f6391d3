"""At which times a denoiser learns."""

import math

import pytest
import torch

from gansmith.diffusion.drawing import Drawing
from gansmith.diffusion.sampler import Sampler
from gansmith.diffusion.schedule import Cosine
from gansmith.diffusion.times import LogitNormal, Uniform
from gansmith.errors import ConfigError
from gansmith.noise import Noise


def drawn(times, rows=20000, start=0):
    return times.draw(Noise(0, 20000, start, torch.float64), rows)


def test_uniform_times_are_as_often_early_as_late():
    torch.testing.assert_close(drawn(Uniform()).sort().values, torch.linspace(0, 1, 20000).double(), atol=0.01, rtol=0)


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (-0.5, 0.7), (1.0, 2.0)])
def test_logits_of_times_are_normal(mean, deviation):
    """Shares of times below some are those of the closed form."""
    found = drawn(LogitNormal(mean, deviation))
    for time in (0.1, 0.3, 0.5, 0.8):
        logit = math.log(time / (1 - time))
        expected = 0.5 * (1 + math.erf((logit - mean) / deviation / 2**0.5))
        assert (found < time).double().mean().item() == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("times", [Uniform(), LogitNormal()])
def test_parts_of_a_batch_have_its_times(times):
    assert torch.equal(drawn(times, 500, start=700), drawn(times)[700:1200])


def test_a_drawing_learns_at_its_times():
    asked = []
    drawing = Drawing(Sampler(Cosine(), steps=2), times=LogitNormal(2.0, 0.1))

    def network(noisy, time, condition):
        asked.append(time)
        return noisy

    drawing.loss(network, torch.zeros(500, 1, 2, 2), None, Noise(0, 500, 0, torch.float32))
    torch.testing.assert_close(asked[0].mean(), torch.tensor(2.0).sigmoid(), atol=0.01, rtol=0)


@pytest.mark.parametrize("deviation", [0.0, -1.0])
def test_a_distribution_has_a_width(deviation):
    with pytest.raises(ConfigError, match=rf"^times\.deviation is {deviation}; it is above 0$"):
        LogitNormal(0.0, deviation)
