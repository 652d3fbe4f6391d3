"""Mode coverage: what a model that shows some of the numbers, all of them or one too often is worth."""

import math
from types import SimpleNamespace

import pytest
import torch

from gansmith.metrics import classifier
from gansmith.metrics.modes import divergence, mode_coverage, numbers_read


class Levels:
    """Two digits that a glance tells apart: dark is 0 and bright is 1."""

    classes, fingerprint, labels = 2, "levels", torch.arange(60) % 2

    def batch(self, indices: torch.Tensor) -> torch.Tensor:
        return shades(indices % 2)[:, None]


def shades(digits: torch.Tensor) -> torch.Tensor:
    """Digits (...) as pictures, uint8 (..., 8, 8), with some noise."""
    noise = torch.randint(0, 60, (*digits.shape, 8, 8), generator=torch.Generator().manual_seed(0))
    return (noise + 150 * digits[..., None, None]).to(torch.uint8)


NUMBERS = torch.arange(800) % 8
DATA = SimpleNamespace(classes=8, split=lambda name: SimpleNamespace(digits=Levels(), labels=NUMBERS))


def stacked(numbers: torch.Tensor) -> torch.Tensor:
    """Numbers from 0 to 7 as pictures with a binary digit in each of three channels."""
    return shades(torch.stack([numbers // 4, numbers // 2 % 2, numbers % 2], 1))


class Shows:
    """Sample i shows the number `numbers[i % len(numbers)]`."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = torch.tensor(numbers)

    def sample_images(self, indices: torch.Tensor, seed: int) -> torch.Tensor:
        return stacked(self.numbers[indices % len(self.numbers)])


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(classifier, "STEPS", (30, 30))


@pytest.mark.parametrize(
    ("numbers", "found", "kl"),
    [
        (range(8), 8, 0.0),
        ([5], 1, math.log(8)),
        ([0, 3, 6, 7], 4, math.log(2)),
        ([2, 2, 2, 1], 2, 0.75 * math.log(0.75 * 8) + 0.25 * math.log(0.25 * 8)),
    ],
)
def test_modes_are_found_and_weighed(tmp_path, numbers, found, kl):
    ticks: list[int] = []
    result = mode_coverage(Shows(*numbers), DATA, 40, 0, "cpu", tmp_path, ticks.append, batch_size=16)
    assert result == (found, pytest.approx(kl))
    assert ticks == [16, 32, 40]


def test_channels_are_the_places_of_a_number():
    torch.manual_seed(0)
    network = classifier.train_classifier(
        Levels().batch(torch.arange(60)).expand(-1, 3, -1, -1), Levels.labels, classes=2, seed=0
    )
    assert numbers_read(network, stacked(torch.arange(8))).tolist() == list(range(8))


def test_divergence_is_from_samples_to_data():
    shown, real = torch.tensor([3, 1, 0]), torch.tensor([2, 1, 1])
    assert divergence(shown, real) == pytest.approx(0.75 * math.log(1.5))
    assert divergence(torch.tensor([0, 1]), torch.tensor([1, 0])) == math.inf
    assert divergence(real, 10 * real) == 0
