import json
import math
from dataclasses import fields, replace
from pathlib import Path

import pytest

from gansmith.errors import GansmithError
from gansmith.results.record import Record, Scores

RECORD = Record(
    model="dcgan",
    data="mnist5k",
    resolution=32,
    protocol={"name": "fast", "hash": "0123abcd", "extractor": "efficientnet_lite0", "samples": 2500},
    best=Scores(step=4000, metrics={"fd_efficientnet_lite0": 12.5, "kd_efficientnet_lite0": 0.25}),
    last=Scores(step=5000, metrics={"fd_efficientnet_lite0": 13.5, "kd_efficientnet_lite0": 0.5}),
    steps=5000,
    images=320_000,
    seconds=812.5,
    device="cpu",
    peak_memory=None,
    parameters={"generator": 1_000_000, "discriminator": 2_000_000},
    seed=0,
    versions={"python": "3.11.9", "torch": "2.6.0"},
    commit="a" * 40,
    dirty=False,
    config_hash="0123456789ab",
    samples="samples/step_00005000.png",
    checkpoints={"best": "checkpoints/best.ckpt", "last": "checkpoints/last.ckpt"},
    details={"perceptual": "efficientnet_lite0"},
    flops={"generator": 5_000_000, "discriminator": 6_000_000},
    variant="ba9876543210",
    overrides=["model=dcgan", "seed=0"],
    task={"name": "sketch", "hash": "abcdef012345"},
)
NEW = {"details": {}, "flops": {}, "variant": "", "overrides": [], "task": {}, "limit": None}


def content(path):
    return json.loads(path.read_text())


def written(tmp_path, **changes):
    """A record's file with `changes` made to its top-level keys by hand; None removes a key."""
    path = tmp_path / "result.json"
    RECORD.write(path)
    path.write_text(json.dumps({**content(path), **changes}))
    return path


@pytest.mark.parametrize(
    "record",
    [
        RECORD,
        replace(RECORD, commit=None, dirty=None, best=None, last=None, samples=None, checkpoints={}),
        replace(RECORD, device="2 x NVIDIA A100", peak_memory=2**33),
    ],
)
def test_what_is_written_is_read_back(tmp_path, record):
    record.write(tmp_path / "result.json")
    assert Record.read(tmp_path / "result.json") == record


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_null(tmp_path, value):
    path = tmp_path / "result.json"
    replace(RECORD, best=Scores(step=1, metrics={"fd": value}), protocol={"nested": [value]}).write(path)
    assert content(path)["best"] == {"step": 1, "metrics": {"fd": None}}
    assert content(path)["protocol"] == {"nested": [None]}
    assert Record.read(path).best == Scores(step=1, metrics={"fd": None})


def test_whole_numbers_do_for_floats(tmp_path):
    assert Record.read(written(tmp_path, seconds=812)).seconds == 812.0


def test_keys_of_later_versions_are_passed_over(tmp_path):
    assert Record.read(written(tmp_path, note="new")) == RECORD


@pytest.mark.parametrize("names", [["details"], ["flops"], ["variant"], ["overrides"], ["task"], ["limit"], list(NEW)])
def test_older_records_without_the_newer_keys_are_read(tmp_path, names):
    path = written(tmp_path)
    path.write_text(json.dumps({name: value for name, value in content(path).items() if name not in names}))
    assert Record.read(path) == replace(RECORD, **{name: NEW[name] for name in names})


@pytest.mark.parametrize("key", [field.name for field in fields(Record) if field.name not in NEW])
def test_every_key_is_required(tmp_path, key):
    path = tmp_path / "result.json"
    RECORD.write(path)
    path.write_text(json.dumps({name: value for name, value in content(path).items() if name != key}))
    with pytest.raises(GansmithError, match=rf"result\.json.*'{key}'"):
        Record.read(path)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"steps": "5000"}, "'steps' should be int"),
        ({"steps": 5000.5}, "'steps' should be int"),
        ({"seed": True}, "'seed' should be int"),
        ({"dirty": 1}, "'dirty' should be bool"),
        ({"model": None}, "'model' should be str"),
        ({"protocol": []}, "'protocol' is not a mapping"),
        ({"best": 12.5}, "'best' is not a mapping"),
        ({"best": {"step": 1}}, "no key 'best.metrics'"),
        ({"last": {"step": 1, "metrics": {"fd": "12"}}}, "'last.metrics.fd' should be float"),
        ({"parameters": {"generator": "many"}}, "'parameters.generator' should be int"),
        ({"flops": {"generator": 1.5}}, "'flops.generator' should be int"),
        ({"overrides": "model=dcgan"}, "'overrides' is not a list"),
        ({"overrides": ["model=dcgan", 1]}, "'overrides.1' should be str"),
        ({"variant": None}, "'variant' should be str"),
        ({"task": "sketch"}, "'task' is not a mapping"),
        ({"schema": 2}, "schema 2, this version reads 1"),
        ({"schema": "1"}, "schema '1'"),
    ],
)
def test_a_key_of_the_wrong_kind_is_named(tmp_path, changes, named):
    path = written(tmp_path, **changes)
    with pytest.raises(GansmithError) as caught:
        Record.read(path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '"record"', '{"fid": 3.2}', "\x00\x01"])
def test_foreign_and_broken_files_are_one_line(tmp_path, text):
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(GansmithError, match=r"result\.json: not a record of a run") as caught:
        Record.read(path)
    assert "\n" not in str(caught.value)


def test_a_picture_and_a_missing_file_are_one_line(tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(GansmithError, match=r"picture\.png: not a record"):
        Record.read(tmp_path / "picture.png")
    with pytest.raises(GansmithError, match=r"absent\.json: cannot be read \(No such file"):
        Record.read(tmp_path / "absent.json")


def test_a_failing_write_leaves_the_old_record(tmp_path, monkeypatch):
    path = tmp_path / "result.json"
    RECORD.write(path)

    def full(self, text, **_):
        self.write_bytes(b"{")
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="No space"):
            replace(RECORD, steps=1).write(path)
    assert Record.read(path) == RECORD
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.json"]
