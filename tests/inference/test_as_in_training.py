"""A run's evaluation, again: the same bits as while it trained."""

import json
from pathlib import Path

import pytest
import trained
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from gansmith.config import register_resolvers
from gansmith.experiment import run
from gansmith.training.evaluation import Evaluation

CONF = str(Path(__file__).parents[2] / "conf")
SMALL = (
    "data=digits",
    "data.batch_size=8",
    "model=dcgan",
    "model.features=4",
    "model.latent=4",
    "logger=none",
    "trainer=cpu",
    "trainer.max_steps=6",
    "callbacks.samples.count=4",
    "callbacks.evaluation.every_n_steps=3",
    "metrics=fast",
    "metrics.samples=40",
    "metrics.during_samples=16",
    "metrics.reference_samples=40",
    "metrics.kd_subsets=2",
    "metrics.kd_subset_size=8",
    "metrics.resize=32",
)


@pytest.mark.parametrize("channels_last", ["auto", "false"])
def test_last_and_best_have_the_numbers_of_the_record_bit_for_bit(tmp_path, monkeypatch, channels_last):
    # So that the best is not the last.
    monkeypatch.setattr(Evaluation, "_is_better", lambda *_: False)
    register_resolvers()
    GlobalHydra.instance().clear()
    run_dir = tmp_path / "run"
    folders = (f"run_dir={run_dir}", f"cache_dir={tmp_path / 'features'}")
    with initialize_config_dir(CONF, version_base="1.3"):
        config = compose("train", overrides=[*SMALL, *folders, f"trainer.channels_last={channels_last}"])
    assert run(config, list(SMALL)) == 0
    record = json.loads((run_dir / "result.json").read_text())
    assert (record["best"]["step"], record["last"]["step"]) == (3, 6)
    for which in ("best", "last"):
        path = run_dir / "checkpoints" / f"{which}.ckpt"
        assert trained.of_checkpoint(path, tmp_path) == record[which]["metrics"]
    found = trained.of_run(run_dir, tmp_path, metrics=None, out=str(tmp_path / "out"))
    assert [result.metrics for result in found] == [record[which]["metrics"] for which in ("best", "last")]
    assert [(result.step, result.images) for result in found] == [(3, 24), (6, 48)]
