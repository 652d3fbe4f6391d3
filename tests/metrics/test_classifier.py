"""The classifier: sizes it takes, what its training depends on, and that it learns."""

from pathlib import Path

import pytest
import torch

from gansmith.data.packaged import MNIST5k
from gansmith.errors import DataError
from gansmith.metrics import classifier as module
from gansmith.metrics.classifier import BATCH, Classifier, accuracy, orders, train_classifier


def stripes(count: int = 60, side: int = 8, channels: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise with a bright row or a bright column: class 0 or 1."""
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(0, 100, (count, channels, side, side), generator=draw, dtype=torch.uint8)
    labels = torch.arange(count) % 2
    for image, label, place in zip(images, labels, torch.randint(0, side, (count,), generator=draw)):
        image.transpose(1, 2)[:, place] = 255 if label else image.transpose(1, 2)[:, place]
        image[:, place] = image[:, place] if label else 255
    return images, labels


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(module, "STEPS", (40, 40))


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (12, 3), (16, 4), (64, 3)])
def test_pictures_of_any_size_have_as_many_features(side, channels):
    network = Classifier(channels, side, classes=7).eval()
    images = torch.randint(0, 256, (3, channels, side, side), dtype=torch.uint8)
    assert network.features(images).shape == (3, 128)
    assert network(images).shape == (3, 7)
    assert 4 <= network.convolutions(images.float()).shape[-1] <= 7


def test_logits_are_linear_in_the_features():
    network = Classifier(1, 8, classes=3).eval()
    images, _ = stripes(5)
    assert torch.equal(network(images), network.head(network.features(images)))


def test_it_learns_what_can_be_learnt(short):
    images, labels = stripes(200)
    classifier = train_classifier(images[:150], labels[:150], 2, seed=0)
    assert accuracy(classifier, lambda i: images[150:][i], labels[150:]) > 0.9
    assert not classifier.training
    assert not any(parameter.requires_grad for parameter in classifier.parameters())


def test_weights_are_a_function_of_data_and_seed_alone(short):
    images, labels = stripes()
    first = train_classifier(images, labels, 2, seed=0)
    torch.rand(5)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    torch.set_num_threads(2)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        again = train_classifier(images.clone().__getitem__, labels.clone(), 2, seed=0)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(threads)
    other = train_classifier(images, labels, 2, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    for name, weights in first.state_dict().items():
        assert torch.equal(weights, again.state_dict()[name])
    assert not torch.equal(first.head.weight, other.head.weight)


def test_every_picture_is_seen_as_often_as_the_others_to_one():
    seen = torch.cat(list(orders(pictures=100, steps=30, seed=0))).bincount(minlength=100)
    assert seen.sum() == 30 * BATCH
    assert seen.max() - seen.min() <= 1
    assert not torch.equal(next(orders(100, 1, seed=0)), next(orders(100, 1, seed=1)))


def test_few_pictures_are_one_batch():
    assert [len(batch) for batch in orders(pictures=5, steps=3, seed=0)] == [5, 5, 5]


def test_pictures_that_are_too_small_are_named():
    with pytest.raises(DataError, match="at least 8 pixels a side, not 7"):
        train_classifier(torch.zeros(4, 1, 7, 9, dtype=torch.uint8), torch.zeros(4, dtype=torch.int64), 2, seed=0)


@pytest.mark.slow
def test_real_digits_are_told_apart():
    train, test = (MNIST5k().load(split, 32, 1, root=Path(), test_fraction=0.1) for split in ("train", "test"))
    classifier = train_classifier(train.images, train.labels, 10, seed=0)
    assert accuracy(classifier, test.batch, test.labels) > 0.96
