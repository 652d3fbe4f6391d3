import io
import itertools
import json
import pickle
import zipfile

import pytest
import torch
from PIL import Image

from gansmith.data import catalogue as catalogue_module
from gansmith.data.stream import BatchStream
from gansmith.data.stylegan_zip import StyleGANZip, ZipFiles
from gansmith.errors import DataError

NAMES = [f"00000/img{i:08}.png" for i in range(12)]
LABELS = [[name, i % 3] for i, name in enumerate(NAMES)]


def picture(value):
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (value, 0, 0)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def archive(tmp_path):
    def write(labels=None, extra=()):
        path = tmp_path / "dataset.zip"
        with zipfile.ZipFile(path, "w") as file:
            for i, name in reversed(list(enumerate(NAMES))):
                file.writestr(name, picture(10 * i))
            if labels is not None:
                file.writestr("dataset.json", labels if isinstance(labels, str) else json.dumps(labels))
            for name, content in extra:
                file.writestr(name, content)
        return path

    return write


@pytest.fixture
def load(tmp_path):
    def read(path, **options):
        source = StyleGANZip(cache_dir=tmp_path / "cache", **options)
        return source.load("train", 8, 3, root=path, test_fraction=0)

    return read


def test_pictures_come_in_the_order_of_their_names_with_their_labels(archive, load):
    pictures = load(archive({"labels": LABELS}))
    assert pictures.batch(torch.arange(12))[:, 0, 0, 0].tolist() == list(range(0, 120, 10))
    assert pictures.labels.tolist() == [0, 1, 2] * 4
    assert pictures.classes == 3


@pytest.mark.parametrize("labels", [None, {"labels": None}, {"labels": []}])
def test_no_labels(labels, archive, load):
    pictures = load(archive(labels))
    assert (len(pictures), pictures.labels, pictures.classes) == (12, None, 0)


@pytest.mark.parametrize(
    "labels",
    [
        "{",
        "[]",
        '{"labels": 3}',
        {"labels": LABELS[1:]},
        {"labels": [[NAMES[0], -1]]},
        {"labels": [[NAMES[0], 0.5]]},
        {"labels": [[NAMES[0], True], *LABELS[1:]]},
        {"labels": [[NAMES[0], len(NAMES)], *LABELS[1:]]},
    ],
)
def test_labels_that_do_not_fit_are_one_line(labels, archive, load):
    with pytest.raises(DataError, match=r"dataset\.json") as caught:
        load(archive(labels))
    assert "\n" not in str(caught.value)


def test_a_label_that_would_make_more_classes_than_pictures_is_named(archive, load):
    assert load(archive({"labels": [[NAMES[0], 11], *LABELS[1:]]})).classes == 12
    with pytest.raises(DataError, match=r"dataset\.json labels 00000/img00000000\.png with 1000000000; .*, 12$"):
        load(archive({"labels": [[NAMES[0], 10**9], *LABELS[1:]]}))


def test_equal_pictures_never_lie_on_both_sides(archive, tmp_path):
    path = archive(extra=[(f"copies/{i}.png", picture(10 * i)) for i in range(12)])
    source = StyleGANZip(cache=False, cache_dir=tmp_path / "cache")
    splits = [source.load(split, 8, 3, root=path, test_fraction=0.5) for split in ("train", "test")]
    train, test = (set(each.batch(torch.arange(len(each)))[:, 0, 0, 0].tolist()) for each in splits)
    assert len(train) + len(test) == 12
    assert not train & test
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("name", ["../out.png", "a/../../out.png", "/out.png", "..\\out.png", "C:\\out.png"])
def test_a_path_that_leaves_the_archive_is_refused(name, archive, load):
    with pytest.raises(DataError, match="leads out of the archive"):
        load(archive(extra=[(name, b"")]))


def test_what_is_no_archive_is_refused(tmp_path, load):
    (tmp_path / "dataset.zip").write_bytes(b"PK but not really")
    for path in (tmp_path / "dataset.zip", tmp_path / "absent.zip", tmp_path):
        with pytest.raises(DataError, match=r"data\.root=.* is no zip archive"):
            load(path)


def test_an_archive_without_pictures_is_refused(tmp_path, load):
    with zipfile.ZipFile(tmp_path / "dataset.zip", "w") as file:
        file.writestr("readme.txt", "nothing")
    with pytest.raises(DataError, match="holds no pictures"):
        load(tmp_path / "dataset.zip")


def test_an_entry_that_swells_is_refused_unread(archive, load, caplog):
    path = archive(extra=[("swollen.png", bytes(10_000))])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("swelling.png", bytes(20_000))
    assert len(load(path, max_pixels=1000, max_unreadable=0.5)) == 12
    assert "swelling.png: has 20000 bytes" in caplog.text


def test_a_damaged_entry_is_named(archive, load, caplog):
    path = archive()
    content = path.read_bytes()
    place = content.index(picture(50)[20:60])
    path.write_bytes(content[: place + 30] + b"\0\0\0\0" + content[place + 34 :])
    assert len(load(path, max_unreadable=0.5)) == 11
    assert NAMES[5] in caplog.text


@pytest.mark.slow
def test_workers_read_the_same_and_share_no_handle(archive, load, monkeypatch):
    monkeypatch.setattr(catalogue_module, "SMALL", 0)
    pictures = load(archive({"labels": LABELS}), cache=False)
    pictures.batch(torch.arange(3))
    alone, ahead = (list(itertools.islice(BatchStream(pictures, 5, workers=workers), 8)) for workers in (0, 2))
    assert all(torch.equal(one["image"], other["image"]) for one, other in zip(alone, ahead, strict=True))


def test_an_archive_can_be_sent_to_another_process(archive):
    files = ZipFiles(archive())
    first = files.read(NAMES[0])
    assert pickle.loads(pickle.dumps(files)).read(NAMES[0]) == first
