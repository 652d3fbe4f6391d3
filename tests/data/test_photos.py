from pathlib import Path

import pytest

from gansmith.data import packaged, photos
from gansmith.data.photos import Photos
from gansmith.errors import DataError


def load(split, channels=3):
    (pictures,) = Photos().load(split, {"image": channels}, 1, root=Path(), test_fraction=0.1)
    return pictures


def test_the_split_is_by_photograph():
    train, test = load("train"), load("test")
    assert list(test.names) == ["chelsea", "coffee", "flower"]
    assert len(train) == 6
    assert not set(train.names) & set(test.names)


def test_photographs_are_whole_and_in_colour():
    test = load("test")
    assert test.sizes == [(300, 451), (400, 600), (427, 640)]
    for i, size in enumerate(test.sizes):
        picture = test.read(i)["image"]
        assert picture.shape == (3, *size)
        assert (picture[0] != picture[2]).any()


def test_grey_where_grey_is_wanted():
    assert load("test", 1).read(0)["image"].shape == (1, 300, 451)
    assert load("test", 1).fingerprint != load("test").fingerprint == load("test").fingerprint


def test_a_missing_package_and_a_missing_file_are_named(monkeypatch):
    monkeypatch.setitem(photos.PHOTOS["test"], "flower", ("sklearn", "no_such_flower.jpg"))
    with pytest.raises(DataError, match=r"no_such_flower\.jpg can't be read.*installing scikit-learn again"):
        load("test")
    monkeypatch.setattr(packaged, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"^package scikit-image .*pip install scikit-image$"):
        load("test")
