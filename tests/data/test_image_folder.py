import functools
import itertools
import logging
import os
import pickle
import shutil
import subprocess
import sys
import unicodedata
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from gansmith.data import catalogue as catalogue_module
from gansmith.data import encoded as encoded_module
from gansmith.data.encoded import EncodedImages, StoredImages
from gansmith.data.image_folder import ImageFolder
from gansmith.data.imageset import MemoryImages
from gansmith.data.module import ImageData
from gansmith.data.stream import BatchStream
from gansmith.errors import ConfigError, DataError


def paint(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (10, 12), (value, value // 2, 255 - value)).save(path)


@pytest.fixture
def folder(tmp_path):
    """Twenty pictures in two classes."""
    for i in range(20):
        paint(tmp_path / "pictures" / ("cat", "dog")[i % 2] / "deep" / f"{i:02}.png", 10 * i)
    return tmp_path / "pictures"


@pytest.fixture
def source(tmp_path):
    return lambda **options: ImageFolder(**{"cache_dir": tmp_path / "cache", **options})


def load(source, folder, split="train", resolution=8, channels=3, test_fraction=0.0):
    return source.load(split, resolution, channels, root=folder, test_fraction=test_fraction)


def everything(pictures):
    return pictures.batch(torch.arange(len(pictures)))


@pytest.fixture(params=["memory", "decoded", "stored"])
def kind(request, monkeypatch):
    """The three ways in which pictures are held; without the first, as if the set were large."""
    if request.param != "memory":
        monkeypatch.setattr(catalogue_module, "SMALL", 0)
        monkeypatch.setattr(encoded_module, "SMALL", 0)
    return {"memory": MemoryImages, "decoded": EncodedImages, "stored": StoredImages}[request.param]


def test_every_way_of_holding_pictures_gives_the_same(kind, source, folder):
    reference = [np.asarray(Image.open(file).convert("RGB"))[0, 0] for file in sorted(folder.rglob("*.png"))]
    pictures = load(source(cache=kind is not EncodedImages), folder)
    assert type(pictures) is kind
    assert pictures.in_memory == (kind is MemoryImages)
    batch = everything(pictures)
    assert batch.shape == (20, 3, 8, 8)
    assert batch.dtype == torch.uint8
    assert np.array_equal(batch[:, :, 4, 4].numpy(), np.stack(reference))


def test_fingerprint_is_of_the_content_however_it_is_held(source, folder, monkeypatch):
    prints = {load(source(cache=cache), folder).fingerprint for cache in (True, False)}
    monkeypatch.setattr(catalogue_module, "SMALL", 0)
    prints.add(load(source(cache=False), folder).fingerprint)
    assert len(prints) == 1


def test_fingerprint_changes_with_a_picture_and_with_the_transform(source, folder):
    prints = [
        load(source(), folder).fingerprint,
        load(source(), folder, resolution=4).fingerprint,
        load(source(), folder, channels=1).fingerprint,
        load(source(filter="box"), folder).fingerprint,
        load(source(background="black"), folder).fingerprint,
    ]
    paint(folder / "cat" / "deep" / "00.png", 77)
    prints.append(load(source(), folder).fingerprint)
    os.replace(folder / "cat" / "deep" / "00.png", folder / "dog" / "deep" / "99.png")
    prints.append(load(source(), folder).fingerprint)
    assert len(set(prints)) == len(prints)


@pytest.mark.parametrize("cache", [True, False])
def test_a_changed_picture_is_seen_by_the_next_start(cache, source, folder):
    before = everything(load(source(cache=cache), folder))
    paint(folder / "dog" / "deep" / "03.png", 211)
    after = everything(load(source(cache=cache), folder))
    assert (before != after).flatten(1).any(1).sum() == 1


def test_the_next_start_decodes_nothing(kind, source, folder, monkeypatch):
    first = load(source(), folder)

    def fail(*arguments):
        raise AssertionError("decoded again")

    monkeypatch.setattr(catalogue_module, "read_picture", fail)
    assert torch.equal(everything(load(source(), folder)), everything(first))


def test_without_a_cache_only_new_pictures_are_read(source, folder, monkeypatch):
    monkeypatch.setattr(catalogue_module, "SMALL", 0)
    load(source(cache=False), folder)
    paint(folder / "cat" / "new.png", 5)
    read = []
    original = catalogue_module.read_picture
    monkeypatch.setattr(catalogue_module, "read_picture", lambda *given: read.append(given[1]) or original(*given))
    assert len(load(source(cache=False), folder)) == 21
    assert read == ["cat/new.png"]


def test_a_damaged_index_is_made_anew(source, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue_module, "SMALL", 0)
    load(source(cache=False), folder)
    for index in (tmp_path / "cache").glob("*.json"):
        index.write_text("[[")
    assert len(load(source(cache=False), folder)) == 20


def test_no_unfinished_file_is_left(source, folder, tmp_path):
    load(source(), folder)
    assert sorted(file.suffix for file in (tmp_path / "cache").iterdir()) == [".json", ".lock", ".npy"]


def test_a_small_set_without_a_cache_writes_nothing(source, folder, tmp_path):
    load(source(cache=False), folder)
    assert not (tmp_path / "cache").exists()


def test_a_small_set_without_a_cache_waits_for_no_other_process(source, folder, monkeypatch):
    def wait(path):
        raise AssertionError("waited for a lock")

    monkeypatch.setattr(catalogue_module, "one_at_a_time", wait)
    assert len(load(source(cache=False), folder)) == 20


def test_folders_are_classes(source, folder):
    pictures = load(source(), folder)
    assert pictures.classes == 2
    assert pictures.labels.tolist() == [0] * 10 + [1] * 10
    assert pictures.labels.dtype == torch.int64


@pytest.mark.parametrize("stray", ["stray.png", None])
def test_without_a_folder_each_there_are_no_labels(stray, source, folder, tmp_path):
    if stray:
        paint(folder / stray, 3)
    else:
        folder = folder / "cat"
    pictures = load(source(), folder)
    assert (pictures.labels, pictures.classes) == (None, 0)


def test_labels_follow_their_pictures_into_the_splits(source, folder):
    shared = source()
    train, test = (load(shared, folder, split, test_fraction=0.3) for split in ("train", "test"))
    assert len(train) + len(test) == 20
    assert len(test) > 0
    for pictures in (train, test):
        values = everything(pictures)[:, 0, 0, 0]
        assert torch.equal(pictures.labels, (values.long() // 10) % 2)


def split_values(source, folder):
    """The red values of the training and of the test pictures."""
    shared = source()
    splits = (load(shared, folder, split, test_fraction=0.5) for split in ("train", "test"))
    return [set(everything(pictures)[:, 0, 0, 0].tolist()) for pictures in splits]


def test_equal_pictures_never_lie_on_both_sides(source, folder):
    for file in sorted(folder.rglob("*.png")):
        for copy in range(3):
            shutil.copy(file, file.with_name(f"copy{copy}-of-{file.name}"))
    train, test = split_values(source, folder)
    assert len(train) + len(test) == 20
    assert not train & test


def test_the_split_is_of_the_content_however_it_is_named_and_held(kind, source, folder):
    way = functools.partial(source, cache=kind is not EncodedImages)
    before = split_values(way, folder)
    for place, file in enumerate(sorted(folder.rglob("*.png"))):
        file.rename(file.with_name(f"{97 * place % 20}-renamed.png"))
    assert split_values(way, folder) == before == split_values(source, folder)


def test_composed_and_decomposed_names_split_alike(source, folder):
    splits = []
    for form in ("NFC", "NFD"):
        for place, file in enumerate(sorted(folder.rglob("*.png"), key=lambda file: file.read_bytes())):
            file.rename(file.with_name(unicodedata.normalize(form, f"\u00e9\u00fc{place}.png")))
        splits.append(split_values(source, folder))
    assert splits[0] == splits[1]


def test_hidden_files_and_other_files_do_not_count(source, folder):
    for name in (".hidden.png", "cat/.more.jpg", "notes.txt", ".git/picture.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"not a picture")
    (folder / "cat" / "UPPER.JPEG").write_bytes(b"")
    Image.new("L", (9, 9)).save(folder / "cat" / "UPPER.JPEG")
    assert len(load(source(), folder)) == 21


def test_links_to_folders_are_followed_once(source, folder):
    (folder / "cat" / "circle").symlink_to(folder)
    assert len(load(source(), folder)) == 20


def test_unreadable_pictures_are_named_counted_and_left_out(kind, source, folder, caplog):
    good = (folder / "dog" / "deep" / "01.png").read_bytes()
    (folder / "dog" / "broken.png").write_bytes(good[: len(good) // 2])
    (folder / "dog" / "nowhere.png").symlink_to(folder / "absent.png")
    with caplog.at_level(logging.WARNING):
        pictures = load(source(max_unreadable=0.1, cache=kind is not EncodedImages), folder)
    assert len(pictures) == 20
    assert pictures.labels.tolist() == [0] * 10 + [1] * 10
    assert everything(pictures)[:, 0, 0, 0].sum() == sum(range(0, 200, 10))
    lines = [record.getMessage() for record in caplog.records]
    assert any("dog/broken.png" in line for line in lines)
    assert any("dog/nowhere.png" in line for line in lines)
    assert "2 of 22" in lines[-1]


def test_too_many_unreadable_pictures_are_an_error(source, folder):
    for i in range(3):
        (folder / f"broken{i}.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"3 of 23 .*max_unreadable=0\.1 .*broken0\.png"):
        load(source(max_unreadable=0.1), folder)


def test_a_file_with_too_many_bytes_is_not_even_read(source, folder, caplog):
    with open(folder / "cat" / "large.png", "wb") as file:
        file.truncate(5000)
    load(source(max_pixels=1000), folder)
    assert "cat/large.png: has 5000 bytes" in caplog.text


def test_a_picture_that_breaks_during_training_is_one_line(source, folder, monkeypatch):
    monkeypatch.setattr(catalogue_module, "SMALL", 0)
    pictures = load(source(cache=False), folder)
    (folder / "cat" / "deep" / "00.png").unlink()
    with pytest.raises(DataError, match=r"cat/deep/00\.png was readable at the start"):
        pictures.batch(torch.tensor([0]))


@pytest.mark.slow
def test_workers_give_the_same_batches(kind, source, folder):
    pictures = load(source(cache=kind is not EncodedImages), folder)
    alone, ahead = (
        list(itertools.islice(BatchStream(pictures, 8, workers=workers, horizontal_flip=True), 6)) for workers in (0, 2)
    )
    for one, other in zip(alone, ahead, strict=True):
        assert torch.equal(one["image"], other["image"])
        assert torch.equal(one["label"], other["label"])


def test_a_worker_is_sent_the_file_name_and_not_the_pixels(source, folder, monkeypatch):
    monkeypatch.setattr(encoded_module, "SMALL", 0)
    stored = load(source(), folder, resolution=128)
    expected = everything(stored)
    sent = pickle.dumps(stored)
    assert len(sent) < expected.nbytes / 100
    assert torch.equal(everything(pickle.loads(sent)), expected)


ONE_OF_TWO = """
import sys, torch
from pathlib import Path
from gansmith.data.image_folder import ImageFolder
pictures = ImageFolder(cache_dir=sys.argv[1]).load("train", 64, 3, root=Path(sys.argv[2]), test_fraction=0)
print(pictures.fingerprint, pictures.batch(torch.arange(len(pictures))).sum().item())
"""


@pytest.mark.slow
def test_two_processes_at_once_make_one_cache(folder, tmp_path):
    command = [sys.executable, "-c", ONE_OF_TWO, str(tmp_path / "cache"), str(folder)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = (process.communicate()[0] for process in both)
    assert first == second != ""
    assert sorted(file.suffix for file in (tmp_path / "cache").iterdir()) == [".json", ".lock", ".npy"]


@pytest.mark.parametrize("what", ["missing", "file", "empty"])
def test_a_folder_without_pictures_is_one_clear_line(what, source, tmp_path):
    root = tmp_path / what
    if what == "file":
        root.write_text("")
    if what == "empty":
        root.mkdir()
    expected = {"missing": "does not exist", "file": "is no folder", "empty": "holds no pictures"}[what]
    with pytest.raises(DataError, match=rf"^data\.root=.*{what} {expected}"):
        ImageData("own", source(), 8, 3, root=root).setup()


def test_a_cache_that_can_not_be_written_names_its_key(source, folder, tmp_path):
    (tmp_path / "occupied").write_text("")
    with pytest.raises(DataError, match=r"^data\.source\.cache_dir="):
        load(source(cache_dir=tmp_path / "occupied"), folder)


def test_a_cache_without_room_says_how_to_do_without(source, folder, monkeypatch):
    monkeypatch.setattr(catalogue_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
    with pytest.raises(DataError, match=r"data\.source\.cache=false"):
        load(source(), folder)


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_share_out_of_range_names_its_key(share, source):
    with pytest.raises(ConfigError, match=r"data\.source\.max_unreadable="):
        source(max_unreadable=share)
