import logging
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from gansmith.data import catalogue as catalogue_module
from gansmith.data import pictures as pictures_module
from gansmith.data.decode import ORIENTATION, Decoder
from gansmith.data.files import Folder
from gansmith.data.pictures import EncodedPictures, MemoryPictures, read_pictures
from gansmith.errors import DataError


@pytest.fixture
def saved(save):
    return [save(f"in/{i}.png", height=10 + i, width=20 - i, seed=i) for i in range(5)]


def read(folder, channels=3, max_unreadable=0.0, **options):
    return read_pictures(Folder(folder), Decoder(channels=channels, **options), folder.parent / "cache", max_unreadable)


@pytest.fixture(params=[MemoryPictures, EncodedPictures])
def kind(request, monkeypatch):
    """Both ways in which pictures are held; the second as if they were large."""
    if request.param is EncodedPictures:
        monkeypatch.setattr(pictures_module, "ROOM", 1000)
    return request.param


def test_both_ways_of_holding_give_the_whole_pictures(kind, saved, tmp_path):
    names, pictures = read(tmp_path / "in")
    assert type(pictures) is kind
    assert names == [f"{i}.png" for i in range(5)]
    assert pictures.sizes == [(10 + i, 20 - i) for i in range(5)]
    assert all(torch.equal(pictures.read(i), saved[i]) for i in range(5))
    assert pictures.names[3] == str((tmp_path / "in" / "3.png").resolve())


def test_some_of_them_are_the_same_pictures(kind, saved, tmp_path):
    _, pictures = read(tmp_path / "in")
    some = pictures.take([4, 1])
    assert (len(some), some.sizes, some.names) == (2, [(14, 16), (11, 19)], [pictures.names[4], pictures.names[1]])
    assert torch.equal(some.read(0), saved[4])
    assert list(some.keys) == [pictures.keys[4], pictures.keys[1]]
    assert torch.equal(pickle.loads(pickle.dumps(some)).read(1), saved[1])


def test_keys_are_of_the_files_however_they_are_held(saved, tmp_path, monkeypatch):
    _, memory = read(tmp_path / "in")
    monkeypatch.setattr(pictures_module, "ROOM", 0)
    _, decoded = read(tmp_path / "in")
    assert (list(memory.keys), memory.transform) == (list(decoded.keys), decoded.transform)
    assert len(set(memory.keys)) == 5


def test_keys_of_pictures_without_files_are_of_their_pixels():
    pictures = [torch.full((1, 2, 3), 7, dtype=torch.uint8), torch.full((1, 3, 2), 7, dtype=torch.uint8)]
    assert len(set(MemoryPictures([*pictures, pictures[0]], "abc").keys)) == 2


def test_small_sets_write_nothing_and_large_ones_are_read_once(saved, tmp_path, monkeypatch):
    read(tmp_path / "in")
    assert not (tmp_path / "cache").exists()
    monkeypatch.setattr(pictures_module, "ROOM", 0)
    first = read(tmp_path / "in")
    monkeypatch.setattr(catalogue_module, "read_picture", lambda *_: pytest.fail("was read again"))
    again = read(tmp_path / "in")
    assert (again[0], again[1].sizes, again[1].keys) == (first[0], first[1].sizes, first[1].keys)


def test_a_set_that_became_small_moves_into_memory(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures_module, "ROOM", 2000)
    assert not read(tmp_path / "in")[1].in_memory
    for i in range(3):
        (tmp_path / "in" / f"{i}.png").unlink()
    assert read(tmp_path / "in")[1].in_memory


def test_broken_pictures_are_named_and_left_out(kind, saved, tmp_path, caplog):
    (tmp_path / "in" / "2.png").write_bytes(b"no picture")
    with caplog.at_level(logging.WARNING):
        names, pictures = read(tmp_path / "in", max_unreadable=0.2)
    assert names == ["0.png", "1.png", "3.png", "4.png"]
    assert torch.equal(pictures.read(2), saved[3])
    assert "left out 2.png: is no JPEG" in caplog.text
    with pytest.raises(DataError, match=r"1 of 5 pictures can't be read.*max_unreadable=0\.1"):
        read(tmp_path / "in", max_unreadable=0.1)


def test_a_picture_that_changes_while_training_is_named(saved, tmp_path, save, monkeypatch):
    monkeypatch.setattr(pictures_module, "ROOM", 0)
    _, pictures = read(tmp_path / "in")
    save("in/1.png", height=4, width=4)
    with pytest.raises(DataError, match=r"1\.png has changed its size"):
        pictures.read(1)
    (tmp_path / "in" / "1.png").unlink()
    with pytest.raises(DataError, match=r"1\.png was readable at the start"):
        pictures.read(1)


def test_pictures_stand_upright_at_full_size(tmp_path):
    values = np.random.default_rng(0).integers(256, size=(6, 9), dtype=np.uint8)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    (tmp_path / "in").mkdir()
    Image.fromarray(values).save(tmp_path / "in" / "turned.png", exif=exif)
    _, pictures = read(tmp_path / "in", channels=1)
    assert pictures.sizes == [(9, 6)]
    assert np.array_equal(pictures.read(0)[0].numpy(), np.rot90(values, -1))


def test_transparency_lies_on_the_background(tmp_path):
    (tmp_path / "in").mkdir()
    Image.new("RGBA", (5, 4), (200, 100, 50, 0)).save(tmp_path / "in" / "clear.png")
    _, pictures = read(tmp_path / "in", background="#102030")
    assert pictures.read(0)[:, 0, 0].tolist() == [16, 32, 48]


def test_a_cache_that_cannot_be_written_names_its_key(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures_module, "ROOM", 0)
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(DataError, match=r"data\.source\.cache_dir="):
        read(tmp_path / "in")
