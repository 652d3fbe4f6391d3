"""Captioned folders: where captions are looked for, how splits are made, and what bad files say."""

import json
import logging

import pytest
import torch
from PIL import Image

from gansmith.data.captioned.folder import CaptionedFolder
from gansmith.errors import DataError

NAMES = [f"{i:02}.png" for i in range(10)]


@pytest.fixture
def root(tmp_path):
    return tmp_path / "pictures"


def paint(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), (value, 0, 0)).save(path)


@pytest.fixture
def painted(root):
    """Picture i is red by 10 i."""
    for i, name in enumerate(NAMES):
        paint(root / name, 10 * i)
    return root


def load(root, split="train", test_fraction=0.0, **options):
    source = CaptionedFolder(cache_dir=root.parent / "cache", **options)
    return source.load(split, 8, 3, root=root, test_fraction=test_fraction)


def captions(pictures):
    """The captions by what each picture shows."""
    values = pictures.batch(torch.arange(len(pictures)))[:, 0, 0, 0].tolist()
    return {value // 10: pictures.captions(place) for place, value in enumerate(values)}


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")


@pytest.mark.parametrize("column", ["text", "caption", "legend"])
def test_metadata_as_hugging_face_has_them(column, painted):
    write(painted / "metadata.jsonl", [{"file_name": name, column: f"number {name}"} for name in reversed(NAMES)])
    pictures = load(painted, column="legend" if column == "legend" else None)
    assert captions(pictures) == {i: (f"number {name}",) for i, name in enumerate(NAMES)}
    assert (pictures.labels, pictures.classes, pictures.in_memory) == (None, 0, True)


def test_a_list_of_texts_is_several_captions(painted):
    write(painted / "metadata.jsonl", [{"file_name": NAMES[3], "text": ["three", " drei \n", ""]}])
    assert captions(load(painted)) == {3: ("three", "drei")}


def test_a_table_of_commas_with_quotes_and_other_scripts(painted):
    write(painted / "metadata.csv", ["file_name,text", '00.png,"red, ""not"" blue"', "01.png,一个红色的圆形"])
    assert captions(load(painted)) == {0: ('red, "not" blue',), 1: ("一个红色的圆形",)}


def test_a_text_file_beside_a_picture_has_a_caption_a_line(painted):
    write(painted / "02.txt", ["two", "", "a pair"])
    assert captions(load(painted)) == {2: ("two", "a pair")}


def test_metadata_and_text_files_add_up_and_metadata_come_first(painted):
    write(painted / "02.txt", ["beside"])
    write(painted / "03.txt", ["beside"])
    write(painted / "metadata.jsonl", [{"file_name": "03.png", "text": "listed"}])
    assert captions(load(painted)) == {2: ("beside",), 3: ("listed",)}


def test_tables_name_pictures_below_their_own_folder(root):
    paint(root / "deep" / "in" / "a.png", 10)
    paint(root / "deep" / "b.png", 20)
    write(
        root / "deep" / "metadata.jsonl",
        [{"file_name": "in/a.png", "text": "a"}, {"file_name": "./b.png", "text": "b"}],
    )
    assert captions(load(root)) == {1: ("a",), 2: ("b",)}


def test_pictures_without_a_caption_are_left_out_and_counted(painted, caplog):
    write(painted / "metadata.jsonl", [{"file_name": name, "text": "x"} for name in (*NAMES[:7], "gone.png")])
    with caplog.at_level(logging.WARNING):
        assert len(load(painted)) == 7
    assert "left out 3 of 10 pictures without a caption" in caplog.text
    assert "1 pictures that are not there, gone.png first" in caplog.text


@pytest.mark.parametrize("held_out", ["test", "val", "validation"])
def test_folders_are_the_split_where_there_are_two(held_out, root):
    for i, folder in enumerate(["train", "train", held_out, "elsewhere"]):
        paint(root / folder / f"{i}.png", 10 * i)
        write(root / folder / f"{i}.txt", [folder])
    assert captions(load(root)) == {0: ("train",), 1: ("train",)}
    assert captions(load(root, "test")) == {2: (held_out,)}


@pytest.mark.parametrize("folder", ["", "train"])
def test_without_two_folders_a_hash_makes_the_split(folder, root):
    for i in range(20):
        paint(root / folder / f"{i}.png", 10 * i)
        write(root / folder / f"{i}.txt", [str(i)])
    train, test = (captions(load(root, split, test_fraction=0.3)) for split in ("train", "test"))
    assert set(train) | set(test) == set(range(20))
    assert not set(train) & set(test)
    assert 1 <= len(test) <= 12


def test_captions_do_not_enter_the_fingerprint_of_pictures(painted):
    prints = []
    for words in ("one", "two"):
        write(painted / "metadata.jsonl", [{"file_name": name, "text": words} for name in NAMES])
        pictures = load(painted)
        prints.append((pictures.fingerprint, pictures.captions_fingerprint))
    assert prints[0][0] == prints[1][0]
    assert prints[0][1] != prints[1][1]


@pytest.mark.parametrize(
    ("name", "rows", "message"),
    [
        ("metadata.jsonl", ['{"file_name": "00.png", "text": "x"}', "{broken"], r"metadata\.jsonl, line 2: is no JSON"),
        ("metadata.jsonl", ['{"text": "x"}'], r"line 1: has no file_name"),
        ("metadata.jsonl", ["[]"], r"line 1: has no file_name"),
        ("metadata.jsonl", ['{"file_name": "00.png", "label": 3}'], r"has no text or caption, but file_name, label"),
        ("metadata.jsonl", ['{"file_name": "00.png", "text": 3}'], r"text must be a text or a list of texts"),
        (
            "metadata.csv",
            ["file_name,words", "00.png,x"],
            r"metadata\.csv, line 2: has no text or caption, but file_name, words",
        ),
        ("metadata.csv", ["file_name,text", '00.png,"x'], r"metadata\.csv, line 2"),
        (
            "metadata.jsonl",
            ['{"file_name": "00.png", "text": "  "}'],
            r"none of its 10 pictures has a caption; looked for",
        ),
        ("notes.md", ["nothing"], r"looked for metadata\.jsonl and metadata\.csv with file_name and text or caption"),
    ],
)
def test_what_can_not_be_read_names_file_and_line(name, rows, message, painted):
    write(painted / name, rows)
    with pytest.raises(DataError, match=message):
        load(painted)


def test_a_text_that_is_not_utf8_names_its_file(painted):
    (painted / "00.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"00\.txt can't be read as UTF-8"):
        load(painted)
