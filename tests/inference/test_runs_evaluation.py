"""All checkpoints of a run: a curve that goes on where it stopped."""

import json

import pytest
import trained
from PIL import Image

from gansmith.inference import evaluation
from gansmith.metrics.protocol import Protocol

FD = "fd_efficientnet_lite0"
CONFIG = {"model": trained.MODEL, "data": trained.DATA, "seed": 0}


@pytest.fixture
def run(tmp_path):
    """Three steps; `best` has the weights of the second, `last` those of the third."""
    for name, seed, step in (("step_00000010", 1, 10), ("best", 2, 20), ("step_00000020", 2, 20), ("last", 3, 30)):
        path = tmp_path / "run" / "checkpoints" / f"{name}.ckpt"
        trained.save(CONFIG, path, seed, global_step=step, images_seen=64 * step)
    return tmp_path / "run"


@pytest.fixture
def measured(monkeypatch):
    """How often something was measured."""
    calls = []
    measure = Protocol.measure
    monkeypatch.setattr(Protocol, "measure", lambda *a, **k: calls.append(1) or measure(*a, **k))
    return calls


def contents(run):
    (path,) = (run / "evaluation").glob("*.json")
    return json.loads(path.read_text())["results"]


def test_every_checkpoint_is_a_row_and_equal_weights_are_measured_once(run, tmp_path, measured, capsys):
    found = trained.of_run(run, tmp_path)
    assert len(measured) == 3
    assert [(result.source, result.step, result.images) for result in found] == [
        ("checkpoints/step_00000010.ckpt", 10, 640),
        ("checkpoints/best.ckpt", 20, 1280),
        ("checkpoints/step_00000020.ckpt", 20, 1280),
        ("checkpoints/last.ckpt", 30, 1920),
    ]
    assert found[1].metrics == found[2].metrics != found[3].metrics
    lines = capsys.readouterr().out.splitlines()
    (row,) = [line.split() for line in lines if "step_00000010" in line]
    assert row[:4] == ["step_00000010", "10", "640", f"{found[0].metrics[FD]:.5g}"]
    assert {entry["source"] for entry in contents(run)} == {result.source for result in found}
    (picture,) = (run / "evaluation").glob("tiny_*.png")
    assert Image.open(picture).size == (960, 600)


def test_it_goes_on_where_it_was_stopped(run, tmp_path, monkeypatch, measured):
    class Killed(Exception):
        pass

    whole = trained.of_run(run, tmp_path, out=str(tmp_path / "whole"))
    measured.clear()
    measure = evaluation.Judge.measure

    def killed(judge, found, *description):
        if found.step == 20:
            raise Killed
        return measure(judge, found, *description)

    with monkeypatch.context() as patch:
        patch.setattr(evaluation.Judge, "measure", killed)
        with pytest.raises(Killed):
            trained.of_run(run, tmp_path)
    assert [entry["step"] for entry in contents(run)] == [10]
    assert trained.of_run(run, tmp_path) == whole
    assert len(measured) == 3
    assert trained.of_run(run, tmp_path) == whole
    assert len(measured) == 3


def test_a_checkpoint_that_is_another_by_now_is_measured_again(run, tmp_path, measured):
    before = trained.of_run(run, tmp_path, which="last")
    trained.save(CONFIG, run / "checkpoints" / "last.ckpt", seed=4, global_step=40, images_seen=2560)
    after = trained.of_run(run, tmp_path, which="last")
    assert len(measured) == 2
    assert after[0].metrics != before[0].metrics
    (entry,) = contents(run)
    assert entry["step"] == 40


def test_other_data_and_other_metrics_are_measured_anew(run, tmp_path, measured):
    trained.of_run(run, tmp_path, which="last")
    trained.of_run(run, tmp_path, which="last", data={**trained.DATA, "test_fraction": 0.3})
    assert len(measured) == 2
    assert len(contents(run)) == 2
    trained.of_run(run, tmp_path, which="last", metrics={**trained.TINY, "metrics": ["fd", "kd", "prc"]})
    assert len(measured) == 3
    assert any("prc" in entry["asked"] for entry in contents(run))


def test_one_checkpoint_has_no_curve(run, tmp_path):
    trained.of_run(run, tmp_path, which="best")
    assert [path.suffix for path in (run / "evaluation").iterdir()] == [".json"]
