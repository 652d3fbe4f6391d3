import math

import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.noise import Noise
from gansmith.objectives.path_length import PathLength, path_lengths


def noise() -> Noise:
    return Noise(0, 3, 0, torch.float64)


def linear(scale: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures of 4x4 that are `scale` times the w (16,) of the second of two layers."""
    styles = torch.randn(3, 2, 16, dtype=torch.float64, requires_grad=True)
    return scale * styles[:, 1].unflatten(1, (1, 4, 4)), styles


def expected_lengths(scale: float) -> torch.Tensor:
    y = noise().normal(3, 1, 4, 4) / 4
    return scale * y.flatten(1).norm(dim=1) / math.sqrt(2)


def test_lengths_of_a_linear_synthesis_are_its_scale_times_those_of_y():
    pictures, styles = linear(torch.tensor(3.0, dtype=torch.float64))
    torch.testing.assert_close(path_lengths(pictures, styles, noise()), expected_lengths(3.0))


def test_the_penalty_is_the_squared_distance_from_the_running_mean():
    penalty = PathLength(weight=2.0, interval=4, decay=0.75).double()
    pictures, styles = linear(torch.tensor(3.0, dtype=torch.float64))
    lengths = expected_lengths(3.0)
    for mean in (0.25 * lengths.mean(), 0.4375 * lengths.mean()):
        value = penalty(pictures, styles, noise())
        torch.testing.assert_close(penalty.mean, mean)
        torch.testing.assert_close(value, 8.0 * (lengths - mean).square().mean())
    assert "mean" in penalty.state_dict()


def test_the_derivative_holds_the_running_mean():
    scale = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    penalty = PathLength(weight=1.0, interval=1, decay=0.75).double()
    (gradient,) = torch.autograd.grad(penalty(*linear(scale), noise()), scale)
    lengths, unit = expected_lengths(3.0), expected_lengths(1.0)
    torch.testing.assert_close(gradient, (2 * (lengths - 0.25 * lengths.mean()) * unit).mean())


def test_with_a_weight_of_two_it_is_the_coefficient_of_the_paper():
    """γ of appendix B is of sums over layers and of y whose pixels are not divided by the side r."""
    for resolution in (256, 1024):
        layers = 2 * math.log2(resolution) - 2
        paper = math.log(2) / (resolution**2 * (math.log(resolution) - math.log(2)))
        assert 2.0 / (layers * resolution**2) == pytest.approx(paper)


def test_it_is_due_from_the_first_step_on_every_interval():
    assert [step for step in range(9) if PathLength(interval=4).is_due(step)] == [0, 4, 8]


@pytest.mark.parametrize("setting", [{"interval": 0}, {"every": 0}, {"weight": -1.0}, {"decay": 1.0}])
def test_settings_that_do_not_work_are_named(setting):
    with pytest.raises(ConfigError, match=rf"model\.path_length\.{next(iter(setting))}"):
        PathLength(**setting)
