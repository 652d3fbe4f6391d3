"""Tar shards: what belongs together, how they are named, that they are read in place, and what bad ones say."""

import io
import json
import pickle
import tarfile

import pytest
import torch
from PIL import Image

from gansmith.data.captioned.shards import CaptionedShards, Shards, shards_of
from gansmith.errors import DataError


def picture(value, kind="PNG"):
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (value, 0, 0)).save(file, kind)
    return file.getvalue()


def write(path, files, mode="w"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            content = content if isinstance(content, bytes) else content.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def shards(tmp_path):
    """Three shards of four pictures; picture i is red by 10 i."""
    for shard in range(3):
        files = {}
        for i in range(4 * shard, 4 * shard + 4):
            files |= {f"{i:04}.png": picture(10 * i), f"{i:04}.txt": f"number {i}\n"}
        write(tmp_path / "shards" / f"{shard:02}.tar", files)
    return tmp_path / "shards"


def load(root, tmp_path, split="train", test_fraction=0.0):
    return CaptionedShards(cache_dir=tmp_path / "cache").load(split, 8, 3, root=root, test_fraction=test_fraction)


def captions(pictures):
    """The captions by what each picture shows."""
    values = pictures.batch(torch.arange(len(pictures)))[:, 0, 0, 0].tolist()
    return {round(value / 10): pictures.captions(place) for place, value in enumerate(values)}


def test_pictures_come_from_all_shards_with_their_captions(shards, tmp_path):
    assert captions(load(shards, tmp_path)) == {i: (f"number {i}",) for i in range(12)}


def test_a_hash_makes_the_split(shards, tmp_path):
    train, test = (captions(load(shards, tmp_path, split, 0.3)) for split in ("train", "test"))
    assert sorted([*train, *test]) == list(range(12))
    assert test


def test_captions_are_in_texts_and_in_json_of_the_same_name(tmp_path):
    files = {
        "a/1.jpg": picture(10, "JPEG"),
        "a/1.txt": "one\n\nuno",
        "a/1.json": json.dumps({"caption": ["eins"], "width": 8}),
        "b/1.webp": picture(20, "WEBP"),
        "b/1.json": json.dumps({"text": "another one", "caption": "not taken"}),
        "2.PNG": picture(30),
        "2.txt": "two",
        "2.json": json.dumps([1, 2]),
        "2.mask.png": picture(250),
        "3.png": picture(40),
        "._2.png": b"litter",
    }
    pictures = load(write(tmp_path / "one.tar", files), tmp_path)
    assert captions(pictures) == {1: ("one", "uno", "eins"), 2: ("another one",), 3: ("two",)}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", ["00", "01", "02"]),
        ("*.tar", ["00", "01", "02"]),
        ("01.tar", ["01"]),
        ("{00..01}.tar", ["00", "01"]),
        ("{00,02}.tar", ["00", "02"]),
        ("{0,9}[02].tar", ["00", "02"]),
        ("{{00..01},02}.tar", ["00", "01", "02"]),
    ],
)
def test_patterns_name_shards(pattern, expected, shards):
    assert shards_of(str(shards / pattern)) == [str(shards / f"{name}.tar") for name in expected]


def test_an_index_travels_to_another_process_without_an_open_file(shards):
    files = Shards(shards)
    again = pickle.loads(pickle.dumps(files))
    assert [again.read(name) for name in again.stamps] == [picture(10 * i) for i in range(12)]


def test_what_does_not_work_is_named(shards, tmp_path):
    def message(root):
        with pytest.raises(DataError) as caught:
            load(root, tmp_path)
        return str(caught.value)

    assert "names no .tar files" in message(tmp_path / "*.tar")
    assert "03.tar does not exist" in message(shards / "{00..09}.tar")
    assert "none of its 1 pictures has a caption" in message(write(tmp_path / "bare.tar", {"1.png": picture(1)}))
    assert "hold no pictures" in message(write(tmp_path / "empty.tar", {"1.txt": "alone"}))
    compressed = write(tmp_path / "packed.tar", {"1.png": picture(1), "1.txt": "one"}, "w:gz")
    assert "packed.tar is no uncompressed tar archive" in message(compressed)
    (tmp_path / "cut.tar").write_bytes((shards / "00.tar").read_bytes()[:1600])
    assert "cut.tar is no uncompressed tar archive" in message(tmp_path / "cut.tar")
    broken = write(tmp_path / "broken.tar", {"1.png": picture(1), "1.json": "{"})
    assert "broken.tar: 1.json can't be read" in message(broken)
    number = write(tmp_path / "number.tar", {"1.png": picture(1), "1.json": '{"text": 3}'})
    assert "number.tar: 1.json: text must be a text or a list of texts" in message(number)


def test_a_broken_picture_is_left_out_like_anywhere(tmp_path):
    files = {f"{i}.png": picture(i) for i in range(30)} | {f"{i}.txt": "x" for i in range(30)} | {"7.png": b"broken"}
    assert len(load(write(tmp_path / "one.tar", files), tmp_path)) == 29
