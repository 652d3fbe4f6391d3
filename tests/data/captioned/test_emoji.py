"""Emoji: what they are called, which are held out, and what is said where they are missing."""

import importlib.util
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import torch
from PIL import Image

from gansmith.data.captioned.emoji import Emoji
from gansmith.errors import DataError

SCRIPT = Path(__file__).parents[3] / "scripts" / "get_emoji.py"

TONES = {"1F3FB": "light", "1F3FF": "dark", "1F3FB-1F3FF": "both"}


def entry(number, name, short_names, tones=()):
    variations = {tone: {"image": f"{number}-{tone.lower()}.png"} for tone in tones}
    return {
        "name": name,
        "short_names": short_names,
        "unified": f"{number}",
        "image": f"{number}.png",
        **({"skin_variations": variations} if tones else {}),
    }


TABLE = [
    entry(100, "DOG FACE", ["dog"]),
    entry(101, "ROSE", ["rose"]),
    entry(102, "Germany Flag", ["de", "flag-de"]),
    entry(103, "WAVING HAND SIGN", ["wave"], TONES),
    *[entry(number, f"THING {number}", [f"thing_{number}"]) for number in range(104, 130)],
    entry(999, "NOT DRAWN", ["not_drawn"]),
]


@pytest.fixture
def root(tmp_path):
    """A folder as the package has it; half of every picture is transparent."""
    pictures = tmp_path / "emoji" / "img" / "google" / "64"
    pictures.mkdir(parents=True)
    images = [row["image"] for row in TABLE[:-1]] + [f"103-{tone.lower()}.png" for tone in TONES] + ["stray.png"]
    for number, image in enumerate(images):
        picture = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
        picture.paste((number, 0, 0, 255), (0, 0, 32, 64))
        picture.save(pictures / image)
    (tmp_path / "emoji" / "emoji.json").write_text(json.dumps(TABLE), encoding="utf-8")
    return tmp_path / "emoji"


def load(root, split="train", test_fraction=0.0, **options):
    source = Emoji(cache=False, cache_dir=root.parent / "cache", **options)
    return source.load(split, 64, 3, root=root, test_fraction=test_fraction)


def captions(pictures):
    return {pictures.captions(index) for index in range(len(pictures))}


def test_captions_are_names_as_words_and_each_once(root):
    pictures = load(root)
    assert len(pictures) == len(TABLE) - 1
    assert {("dog face", "dog"), ("rose",), ("germany flag", "de", "flag de"), ("waving hand sign", "wave")} < captions(
        pictures
    )
    assert ("thing 104",) in captions(pictures)


def test_pictures_lie_on_white_and_belong_to_their_captions(root):
    pictures = load(root)
    batch = pictures.batch(torch.arange(len(pictures)))
    assert (batch[:, :, :, 40:] == 255).all()
    by_caption = {pictures.captions(i)[0]: int(batch[i, 0, 0, 0]) for i in range(len(pictures))}
    assert by_caption["dog face"] == 0
    assert by_caption["thing 110"] == 10


def test_tones_of_skin_are_left_out_unless_wanted_and_stay_with_their_emoji(root):
    assert not any("tone" in caption for texts in captions(load(root)) for caption in texts)
    assert ("waving hand sign, dark skin tone", "wave, dark skin tone") in captions(load(root, skin_tones=True))
    both = "waving hand sign, light and dark skin tone"
    assert both in {texts[0] for texts in captions(load(root, skin_tones=True))}
    for split in ("train", "test"):
        waving = [texts for texts in captions(load(root, split, 0.5, skin_tones=True)) if "waving" in texts[0]]
        assert len(waving) in (0, 4)


def test_the_split_is_of_code_points_whatever_the_pictures_look_like(root):
    before = captions(load(root, "test", 0.3))
    for picture in root.rglob("*.png"):
        Image.new("RGB", (64, 64), "green").save(picture)
    assert captions(load(root, "test", 0.3)) == before
    assert not before & captions(load(root, "train", 0.3))


def test_what_is_missing_names_the_script_that_brings_it(root, tmp_path):
    with pytest.raises(
        DataError, match=r"nowhere lacks emoji\.json or img/google/64; python scripts/get_emoji\.py brings"
    ):
        load(tmp_path / "nowhere")
    (root / "emoji.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match=r"emoji\.json names no picture of .*get_emoji"):
        load(root)
    (root / "emoji.json").write_text("[{", encoding="utf-8")
    with pytest.raises(DataError, match=r"emoji\.json is no table of emoji"):
        load(root)


def test_the_script_unpacks_what_the_set_reads_and_no_more(root, tmp_path):
    (root / "img" / "google" / "sheet.png").write_bytes(b"large")
    archive = tmp_path / "package.tgz"
    with tarfile.open(archive, "w:gz") as package:
        package.add(root, "package")
    spec = importlib.util.spec_from_file_location("get_emoji", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    count = script.unpack(archive, tmp_path / "brought")
    assert count == len(list((tmp_path / "brought").rglob("*.*"))) == len(list(root.rglob("*.png")))
    assert captions(load(tmp_path / "brought")) == captions(load(root))


def test_without_npm_the_script_says_so_in_a_line(tmp_path):
    ended = subprocess.run([sys.executable, SCRIPT], env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("npm is not installed")
    assert ended.stderr.count("\n") == 1
