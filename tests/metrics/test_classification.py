"""Classification accuracy score: what samples teach about real pictures."""

from types import SimpleNamespace

import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.metrics import classifier
from gansmith.metrics.classification import classification_accuracy


def pictures(labels: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """Noise, of class 1 with a bright half."""
    draw = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 128, (len(labels), 1, 8, 8), generator=draw, dtype=torch.uint8)
    images[labels == 1, :, :4] += 100
    return images


class Conditional:
    """A model whose samples are as they should be, or have each other's labels."""

    name, classes = "conditional", 2

    def __init__(self, right: bool = True) -> None:
        self.right = right

    def labels_of(self, indices: torch.Tensor) -> torch.Tensor:
        return indices % 2

    def sample_images(self, indices: torch.Tensor, seed: int) -> torch.Tensor:
        shown = indices % 2 if self.right else 1 - indices % 2
        every = pictures(torch.arange(200) % 2, seed + 10)
        return torch.stack([every[2 * int(i // 2) + int(k)] for i, k in zip(indices, shown)])


TEST = torch.arange(50) % 2
REAL = pictures(TEST)
DATA = SimpleNamespace(classes=2, split={"test": SimpleNamespace(labels=TEST, batch=lambda i: REAL[i])}.__getitem__)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(classifier, "STEPS", (30, 30))


@pytest.mark.parametrize(("right", "low", "high"), [(True, 0.95, 1), (False, 0, 0.05)])
def test_it_is_the_share_of_real_pictures_that_samples_teach(right, low, high):
    assert low <= classification_accuracy(Conditional(right), DATA, 100, seed=0, device="cpu") <= high


def test_it_is_a_function_of_the_seed_alone_also_inside_an_evaluation():
    first = classification_accuracy(Conditional(), DATA, 60, seed=3, device="cpu")
    before = torch.get_rng_state()
    with torch.inference_mode():
        assert classification_accuracy(Conditional(), DATA, 60, 3, "cpu", batch_size=7) == first
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("model", "data"), [(0, 10), (10, 0), (10, 2)])
def test_other_classes_than_the_datas_are_named(model, data):
    with pytest.raises(ConfigError, match=f"the model has {model} classes, the data {data}"):
        classification_accuracy(SimpleNamespace(classes=model), SimpleNamespace(classes=data), 10, 0, "cpu")
