import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from gansmith.results.panel import show
from gansmith.results.record import Record, Scores

RUN = Path("logs/train/2026-01-31_23-59-59_a_model_with_a_rather_long_name_[b]_mnist5k")
RECORD = Record(
    model="dcgan",
    data="mnist5k",
    resolution=32,
    protocol={"name": "fast"},
    best=Scores(step=4000, metrics={"fd_efficientnet_lite0": 12.3456, "kd_efficientnet_lite0": None}),
    last=Scores(step=5000, metrics={"fd_efficientnet_lite0": 13.5, "kd_efficientnet_lite0": 0.5}),
    steps=5000,
    images=320_000,
    seconds=3661.2,
    device="cpu",
    peak_memory=None,
    parameters={},
    seed=0,
    versions={},
    commit=None,
    dirty=None,
    config_hash="0123456789ab",
    samples="samples/step_00005000.png",
    checkpoints={"best": "checkpoints/best.ckpt", "last": "checkpoints/last.ckpt"},
)


def shown(record, run_dir, width=60, terminal=False):
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal)
    show(record, run_dir, console)
    return console.file.getvalue()


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("width", [20, 60, 200])
def test_each_path_is_whole_on_a_line_of_its_own(tmp_path, monkeypatch, width, terminal):
    monkeypatch.chdir(tmp_path)
    lines = shown(RECORD, tmp_path / RUN, width, terminal).splitlines()
    assert [line.split()[-1] for line in lines[-3:]] == [
        str(RUN / "samples/step_00005000.png"),
        str(RUN / "checkpoints/best.ckpt"),
        str(RUN / "result.json"),
    ]


def test_a_run_outside_of_the_working_directory_has_absolute_paths(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert str(tmp_path / "there" / "result.json") in shown(RECORD, tmp_path / "there")


def test_it_says_what_was_reached():
    text = shown(RECORD, RUN, width=100)
    for fact in (
        "dcgan on mnist5k",
        "5,000 (320,000 images)",
        "1:01:01 on cpu",
        "fd_efficientnet_lite0 12.346 (step 4,000)",
        "kd_efficientnet_lite0 not finite",
        "fd_efficientnet_lite0 13.5 (step 5,000)",
        "fast",
    ):
        assert fact in text


def test_a_run_without_evaluations_shows_what_it_has():
    record = replace(RECORD, best=None, last=None, samples=None, checkpoints={"last": "checkpoints/last.ckpt"})
    text = shown(record, RUN)
    assert "best" not in text
    assert str(RUN / "checkpoints/last.ckpt") in text
    assert "samples" not in text
