"""Stacked digits: what they are drawn from, that labels say what is shown, and that draws are fixed."""

from pathlib import Path

import pytest
import torch

from gansmith.data import stacked
from gansmith.data.packaged import MNIST5k
from gansmith.data.stacked import StackedMNIST5k
from gansmith.errors import ConfigError


def load(split: str, resolution: int = 32, channels: int = 3) -> stacked.StackedDigits:
    return StackedMNIST5k().load(split, resolution, channels, root=Path(), test_fraction=0.1)


@pytest.fixture(scope="module")
def test_split():
    return load("test")


def test_channels_are_digits_and_the_label_is_the_number_they_make(test_split):
    digits = MNIST5k().load("test", 32, 1, root=Path(), test_fraction=0.1)
    by_pixels = {image.numpy().tobytes(): int(label) for image, label in zip(digits.images, digits.labels)}
    indices = torch.tensor([0, 17, 9_999])
    for picture, label in zip(test_split.batch(indices), test_split.labels[indices].tolist()):
        shown = [by_pixels[channel.numpy().tobytes()] for channel in picture]
        assert 100 * shown[0] + 10 * shown[1] + shown[2] == label


def test_pictures_are_those_of_a_data_set(test_split):
    batch = test_split.batch(torch.arange(5))
    assert (batch.shape, batch.dtype) == ((5, 3, 32, 32), torch.uint8)
    assert (len(test_split), test_split.classes) == (10_000, 1000)


def test_draws_are_the_same_every_time_and_others_for_the_other_split(test_split):
    again = load("test")
    assert again.fingerprint == test_split.fingerprint
    assert torch.equal(again.labels, test_split.labels)
    assert load("test", resolution=8).fingerprint != test_split.fingerprint


def test_all_thousand_numbers_are_there_about_equally_often():
    train = load("train", 8)
    frequency = train.labels.bincount(minlength=1000) / len(train)
    assert len(frequency) == 1000
    assert frequency.min() > 0.0007
    assert frequency.max() < 0.0014


def test_each_channel_is_a_digit():
    with pytest.raises(ConfigError, match=r"data\.channels=1 must be 3"):
        load("test", channels=1)
