"""Label agreement: a classifier of real pictures against the classes that samples were asked for."""

from types import SimpleNamespace

import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.metrics import classifier
from gansmith.metrics.agreement import label_agreement


def pictures(labels: torch.Tensor) -> torch.Tensor:
    """Noise, of class 1 with a bright half."""
    images = torch.randint(
        0, 128, (len(labels), 1, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    images[labels == 1, :, :4] += 100
    return images


LABELS = torch.arange(60) % 2
TRAIN = SimpleNamespace(labels=LABELS, classes=2, fingerprint="halves", batch=pictures(LABELS).__getitem__)
DATA = SimpleNamespace(classes=2, split={"train": TRAIN}.__getitem__)


class Conditional:
    """Of `period` samples in a row one shows the other class than it was asked for; 0: none."""

    classes = 2

    def __init__(self, period: int) -> None:
        self.period = period

    def labels_of(self, indices: torch.Tensor) -> torch.Tensor:
        return indices % 2

    def sample_images(self, indices: torch.Tensor, seed: int) -> torch.Tensor:
        wrong = indices % self.period == 0 if self.period else torch.zeros_like(indices, dtype=torch.bool)
        return pictures(torch.where(wrong, 1 - indices % 2, indices % 2))


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(classifier, "STEPS", (30, 30))


@pytest.mark.parametrize(("period", "share"), [(0, 1.0), (1, 0.0), (4, 0.75)])
def test_it_is_the_share_of_samples_of_the_class_asked_for(tmp_path, period, share):
    ticks: list[int] = []
    assert label_agreement(Conditional(period), DATA, 40, 0, "cpu", tmp_path, ticks.append, batch_size=16) == share
    assert ticks == [16, 32, 40]


def test_data_without_labels_are_named(tmp_path):
    unlabelled = SimpleNamespace(split=lambda name: SimpleNamespace(labels=None, classes=0))
    with pytest.raises(ConfigError, match="these data have no labels"):
        label_agreement(Conditional(0), unlabelled, 4, 0, "cpu", tmp_path)
