import gzip
import pickle
import struct
from urllib.error import URLError

import numpy as np
import pytest
import torch
from torchvision import datasets

from gansmith.data.module import ImageData
from gansmith.data.torchvision_sets import PUBLISHED, TorchvisionSet
from gansmith.errors import ConfigError, DataError

RNG = np.random.default_rng(0)


def load(dataset, root, split="train", resolution=32, channels=1):
    source = TorchvisionSet(dataset)
    source.prepare(root)
    return source.load(split, resolution, channels, root=root, test_fraction=0.5)


def write_mnist(root, name="MNIST"):
    """MNIST's own files, with 7 pictures to train and 3 to test."""
    raw = root / name / "raw"
    raw.mkdir(parents=True)
    pictures = {}
    for prefix, count in (("train", 7), ("t10k", 3)):
        pictures[prefix] = RNG.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = np.arange(count, dtype=np.uint8)
        images_header = struct.pack(">IIII", 0x803, count, 28, 28)
        (raw / f"{prefix}-images-idx3-ubyte").write_bytes(images_header + pictures[prefix].tobytes())
        (raw / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, count) + labels.tobytes())
    return pictures


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST"])
def test_mnist_is_framed_and_keeps_its_official_split(name, tmp_path):
    written = write_mnist(tmp_path, name)
    for split, prefix in (("train", "train"), ("test", "t10k")):
        pictures = load(name, tmp_path, split)
        assert np.array_equal(pictures.images[:, 0, 2:-2, 2:-2].numpy(), written[prefix])
        assert pictures.images.shape[1:] == (1, 32, 32)
        assert pictures.labels.tolist() == list(range(len(written[prefix])))
        assert pictures.classes == 10


def test_cifar_pixels_are_in_their_places(tmp_path, monkeypatch):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    rows = RNG.integers(0, 256, (4, 3072), dtype=np.uint8)
    for name in ("data_batch_1", "test_batch"):
        (folder / name).write_bytes(pickle.dumps({"data": rows, "labels": [3, 1, 4, 1]}))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
    monkeypatch.setattr(datasets.CIFAR10, "train_list", [["data_batch_1", None]])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [["test_batch", None]])
    monkeypatch.setattr(datasets.CIFAR10, "meta", {**datasets.CIFAR10.meta, "md5": None})
    pictures = load("CIFAR10", tmp_path, channels=3)
    assert np.array_equal(pictures.images.numpy(), rows.reshape(4, 3, 32, 32))
    assert pictures.labels.tolist() == [3, 1, 4, 1]
    assert pictures.labels.dtype == torch.int64


def test_svhn_and_stl10_are_asked_for_their_splits(tmp_path, monkeypatch):
    asked = []

    class Fake:
        def __init__(self, root, split, download=False):
            asked.append((split, download))
            self.data = RNG.integers(0, 256, (5, 3, 32, 32), dtype=np.uint8)
            self.labels = np.arange(5)

    monkeypatch.setattr(datasets, "SVHN", Fake)
    monkeypatch.setattr(datasets, "STL10", Fake)
    assert load("SVHN", tmp_path, "test", channels=3).labels.tolist() == [0, 1, 2, 3, 4]
    assert asked == [("train", True), ("test", True), ("test", False)]
    assert load("STL10Unlabeled", tmp_path, channels=3).labels is None
    assert asked[-1] == ("unlabeled", False)


@pytest.mark.parametrize("dataset", PUBLISHED)
def test_without_network_one_line_says_where_to_put_what(dataset, tmp_path, monkeypatch):
    def offline(*arguments, **options):
        raise URLError("Temporary failure in name resolution\nTried a mirror")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    module = ImageData(dataset, TorchvisionSet(dataset), 32, 3, root=tmp_path / "data")
    with pytest.raises(DataError) as caught:
        module.prepare_data()
    message = str(caught.value)
    assert "\n" not in message
    for part in (str(tmp_path), PUBLISHED[dataset].place, "name resolution", "data=mnist5k"):
        assert part in message


def test_a_damaged_file_is_one_line(tmp_path):
    write_mnist(tmp_path)
    with gzip.open(tmp_path / "MNIST/raw/train-images-idx3-ubyte", "wb") as file:
        file.write(bytes(3))
    with pytest.raises(DataError, match="MNIST could not be"):
        TorchvisionSet("MNIST").load("train", 32, 1, root=tmp_path, test_fraction=0.1)


def test_unknown_set_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"data\.source\.dataset=ImageNet .*CIFAR10"):
        TorchvisionSet("ImageNet")
