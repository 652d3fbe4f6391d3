"""Perceptual path length: its square of steps, its percentiles, its network."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.metrics import path_length
from gansmith.metrics.path_length import EPSILON, NETWORK, distance_of, perceptual_path_length, without_extremes
from gansmith.noise import NoiseByIndex


class Paths:
    """Pictures of smooth waves whose phase moves by `speed` along a path; path i is a function of (seed, i)."""

    name = "paths"

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed

    def sample_path(self, indices: torch.Tensor, seed: int, epsilon: float) -> tuple[torch.Tensor, torch.Tensor]:
        phase = 6 * NoiseByIndex(seed, indices, torch.float64).uniform(len(indices), 3, 1, 1)
        ramp = torch.linspace(0, 6, 32, dtype=torch.float64)
        grid = ramp[:, None] + ramp.square() / 4
        return tuple(torch.sin(grid + phase + self.speed * step).float() for step in (0, epsilon))


def by_pixels(monkeypatch) -> None:
    mean_square = lambda start, end: (start.double() - end.double()).square().mean((1, 2, 3))  # noqa: E731
    monkeypatch.setattr(path_length, "distance_of", lambda network, device: mean_square)


def test_the_length_is_the_squared_speed_whatever_the_step(monkeypatch):
    """The mean square of a derivative along the path: of sin, a half of the squared speed on average."""
    by_pixels(monkeypatch)
    slow, fast = (perceptual_path_length(Paths(speed), 40, 0, "cpu") for speed in (1, 3))
    assert slow == pytest.approx(0.5, rel=0.1)
    assert fast / slow == pytest.approx(9, rel=1e-2)


def test_no_change_is_no_length():
    assert perceptual_path_length(Paths(0), 4, 0, "cpu") == 0


def test_single_precision_is_enough_for_its_steps():
    """Distances of pictures a ten-thousandth apart, by the packaged network, against the same in float64."""
    from gansmith.metrics import perceptual
    from gansmith.objectives.feature_network import feature_network

    start, end = Paths().sample_path(torch.arange(4), 0, EPSILON)
    exact = feature_network(NETWORK, dtype=torch.float64)
    expected = perceptual.perceptual_distance(start.double(), end.double(), exact)
    assert torch.allclose(distance_of(NETWORK, torch.device("cpu"))(start, end), expected, rtol=0.02)


def test_batches_change_nothing_and_the_seed_does(monkeypatch):
    by_pixels(monkeypatch)
    whole = perceptual_path_length(Paths(), 20, 0, "cpu", batch_size=20)
    ticks: list[int] = []
    assert perceptual_path_length(Paths(), 20, 0, "cpu", 7, ticks.append) == pytest.approx(whole)
    assert ticks == [7, 14, 20]
    assert perceptual_path_length(Paths(), 20, 1, "cpu") != whole


def test_extremes_are_left_out_as_numpys_percentiles_say():
    lengths = torch.arange(301.0)[torch.randperm(301, generator=torch.Generator().manual_seed(0))]
    kept = without_extremes(lengths)
    assert (kept.min(), kept.max()) == (3, 297)
    assert kept.min() == np.percentile(lengths, 1, method="lower")


def test_few_lengths_stay():
    assert without_extremes(torch.tensor([3.0, 1.0])).tolist() == [3, 1]


def test_a_model_without_paths_is_named():
    with pytest.raises(ConfigError, match=r"ppl needs paths between latents, which model=plain does not have"):
        perceptual_path_length(SimpleNamespace(name="plain"), 4, 0, "cpu")
