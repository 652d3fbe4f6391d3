"""A checkpoint by a protocol."""

import json
import shutil

import pytest
import torch
import trained
from PIL import Image

from gansmith.config import instantiate
from gansmith.errors import ConfigError, GansmithError

FD = "fd_efficientnet_lite0"


def test_a_checkpoint_is_measured_against_its_own_data(run_dir, tmp_path, capsys):
    first = trained.of_checkpoint(run_dir, tmp_path, metrics=trained.TINY)
    assert first == trained.of_checkpoint(run_dir, tmp_path, metrics=trained.TINY)
    assert first[FD] > 0
    assert f"{FD}  {first[FD]:.6g}" in capsys.readouterr().out


def test_the_result_lies_in_the_run_with_its_protocol(run_dir, tmp_path):
    metrics = trained.of_checkpoint(run_dir, tmp_path, metrics=trained.TINY)
    protocol = instantiate(trained.TINY)
    content = json.loads((run_dir / "evaluation" / f"tiny_{protocol.hash}.json").read_text())
    assert content["protocol"]["hash"] == protocol.hash
    assert (content["protocol"]["samples"], content["protocol"]["extractor"]) == (32, "efficientnet_lite0")
    (entry,) = content["results"]
    assert entry["metrics"] == metrics
    assert (entry["source"], entry["data"], entry["device"]) == ("checkpoints/last.ckpt", "digits", "cpu")


def test_a_checkpoint_without_a_run_leaves_a_result_where_it_is_told(run_dir, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(run_dir / "checkpoints" / "last.ckpt", alone / "model.ckpt")
    trained.of_checkpoint(alone / "model.ckpt", tmp_path, metrics=trained.TINY)
    assert [path.name for path in alone.iterdir()] == ["model.ckpt"]
    trained.of_checkpoint(alone / "model.ckpt", tmp_path, metrics=trained.TINY, out=str(tmp_path / "out"))
    assert len(list((tmp_path / "out").glob("tiny_*.json"))) == 1


def test_other_metrics_join_those_of_the_same_weights(run_dir, tmp_path):
    for metric in ("kd", "fd"):
        trained.of_checkpoint(run_dir, tmp_path, metrics={**trained.TINY, "metrics": [metric]})
    (path,) = (run_dir / "evaluation").glob("*.json")
    (entry,) = json.loads(path.read_text())["results"]
    assert entry["asked"] == ["kd", "fd"]
    assert {FD, "kd_efficientnet_lite0_mean"} <= entry["metrics"].keys()


@pytest.mark.parametrize("text", ["no json", "[]", '{"schema": 2}', '{"schema": 1, "results": [{"step": 1}]}'])
def test_a_foreign_file_is_named_and_left_alone(run_dir, tmp_path, text):
    path = run_dir / "evaluation" / f"tiny_{instantiate(trained.TINY).hash}.json"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(GansmithError, match=r"tiny_\w+\.json is no file of evaluations"):
        trained.of_checkpoint(run_dir, tmp_path, metrics=trained.TINY)
    assert path.read_text() == text


def test_nearest_training_pictures_are_a_sheet(run_dir, tmp_path):
    few = {**trained.DATA, "test_fraction": 0.95}
    trained.of_checkpoint(run_dir, tmp_path, metrics=trained.TINY, data=few, neighbours=3)
    width, height = Image.open(run_dir / "evaluation" / "neighbours_last.png").size
    assert height > 3 * 8
    assert width > 5 * 8


def test_a_translating_checkpoint_is_measured_by_its_own_protocol_and_task(translation, tmp_path):
    result = trained.of_checkpoint(translation, tmp_path)
    assert result.keys() == {"psnr", "l1", "input_psnr", "input_l1"}
    assert result == trained.of_checkpoint(translation, tmp_path)
    ssim = trained.of_checkpoint(translation, tmp_path, metrics={**trained.PAIRED, "metrics": ["ssim"]})
    assert ssim.keys() == {"ssim", "input_ssim"}


def test_pictures_of_another_size_can_be_translated_and_others_not(translation, tmp_path):
    larger = {**trained.DATA, "resolution": 16}
    psnr = [trained.of_checkpoint(translation, tmp_path, data=data)["psnr"] for data in (None, larger)]
    assert psnr[0] != psnr[1]
    with pytest.raises(ConfigError, match=r"data\.channels=3, and the checkpoint was trained at 1"):
        trained.of_checkpoint(translation, tmp_path, data={**trained.DATA, "channels": 3})


def test_what_a_checkpoint_can_not_do_is_one_line(run_dir, translation, tmp_path):
    def refused(path, message, **changes):
        with pytest.raises(ConfigError, match=message):
            trained.of_checkpoint(path, tmp_path, **changes)

    refused(run_dir, "metrics=none measures nothing; take metrics=fast")
    refused(run_dir, "model=cgan samples from latents: take metrics=fast", metrics=trained.PAIRED)
    generative = {"_target_": "gansmith.metrics.protocol.Protocol", "name": "fast"}
    refused(translation, "model=pix2pix translates pictures: take metrics=paired", metrics=generative)
    refused(run_dir, "neighbours=0 does not work", metrics=trained.TINY, neighbours=0)
    refused(translation, "neighbours=4 shows samples from latents", neighbours=4)
    torch.save(torch.load(run_dir / "checkpoints" / "last.ckpt", weights_only=True), tmp_path / "alone.ckpt")
    refused(tmp_path / "alone.ckpt", "neighbours=4 needs out=FOLDER", metrics=trained.TINY, neighbours=4)
