"""Sets that the package `datasets` has saved: columns, captions and splits. Without the package, one line."""

import sys

import pytest
import torch

from gansmith.data.captioned.hub import HubCaptions
from gansmith.errors import ConfigError, DataError


def test_without_the_package_a_line_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ConfigError, match=r"pip install datasets$"):
        HubCaptions("set").prepare(tmp_path)


def test_a_set_must_be_named(tmp_path):
    with pytest.raises(ConfigError, match=r"data\.source\.path is missing"):
        HubCaptions().prepare(tmp_path)


@pytest.fixture
def datasets(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return pytest.importorskip("datasets")


@pytest.fixture
def saved(datasets, tmp_path):
    """A set in a folder; picture i is red by 10 i."""
    from PIL import Image

    def save(splits, column="text"):
        kinds = datasets.Features({"image": datasets.Image(), column: datasets.features.List(datasets.Value("string"))})
        number = iter(range(100))
        rows = {
            split: [(Image.new("RGB", (8, 8), (10 * i, 0, 0)), texts) for i, texts in zip(number, captions)]
            for split, captions in splits.items()
        }
        tables = {
            split: datasets.Dataset.from_dict(
                {"image": [r[0] for r in some], column: [r[1] for r in some]}, features=kinds
            )
            for split, some in rows.items()
        }
        datasets.DatasetDict(tables).save_to_disk(tmp_path / "set")
        return tmp_path / "set"

    return save


def load(path, split="train", test_fraction=0.0, **options):
    source = HubCaptions(str(path), cache_dir=path.parent / "cache", **options)
    return source.load(split, 8, 3, root=path, test_fraction=test_fraction)


def captions(pictures):
    values = pictures.batch(torch.arange(len(pictures)))[:, 0, 0, 0].tolist()
    return {round(value / 10): pictures.captions(place) for place, value in enumerate(values)}


def test_splits_of_the_set_are_kept(saved):
    path = saved({"train": [["zero"], ["one", "uno"]], "validation": [["three"]]})
    assert captions(load(path)) == {0: ("zero",), 1: ("one", "uno")}
    assert list(captions(load(path, "test")).values()) == [("three",)]


def test_a_set_without_a_test_split_is_split_by_a_hash(saved):
    path = saved({"train": [[str(i)] for i in range(20)]})
    train, test = captions(load(path, "train", 0.3)), captions(load(path, "test", 0.3))
    assert len(train) + len(test) == 20
    assert test


def test_columns_can_be_named_and_missing_ones_are(saved):
    path = saved({"train": [["zero"], ["one"]]}, column="words")
    assert captions(load(path, column="words")) == {0: ("zero",), 1: ("one",)}
    with pytest.raises(DataError, match=r"has no text or caption, but words; data\.source\.column"):
        load(path)
    with pytest.raises(DataError, match=r"has no photo, but image, words; data\.source\.image"):
        load(path, image="photo")


def test_what_can_not_be_loaded_is_a_line(datasets, tmp_path):
    with pytest.raises(DataError, match=r"data\.source\.path=.* can't be loaded"):
        load(tmp_path / "nowhere")
