"""Suites whose runs are made by a stand-in for src/train.py, which trains nothing and takes no time."""

from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from gansmith import jobs
from gansmith.results.record import Record, Scores

REPOSITORY = Path(__file__).parents[2]

# Leaves a record, and fails where the folder's model is lsgan and there is no file `mended` beside it.
STAND_IN = """
import json, pathlib, sys
values = dict(item.split("=", 1) for item in sys.argv[1:])
run_dir = pathlib.Path(values["run_dir"].strip('"'))
with (run_dir / "starts").open("a") as starts:
    starts.write("one\\n")
if values["model"] == "lsgan" and not (run_dir.parent / "mended").exists():
    sys.exit("gansmith: a loss is not finite")
record = json.loads(pathlib.Path(__file__).with_name("record.json").read_text())
record |= {"model": values["model"], "data": values["data"], "seed": int(values["seed"]), "variant": values["model"]}
(run_dir / "overrides.yaml").write_text(json.dumps([*sys.argv[1:]]))
(run_dir / "result.json").write_text(json.dumps(record))
"""


@pytest.fixture
def conf():
    """Hydra as it is inside a command."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
        yield


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """The script that takes the place of src/train.py; what it finds there goes into its records."""
    script = tmp_path / "stand_in" / "train.py"
    script.parent.mkdir()
    script.write_text(STAND_IN)
    scores = Scores(step=8, metrics={"kd_efficientnet_lite0_mean": 0.5})
    Record(
        model="",
        data="",
        resolution=8,
        protocol={"name": "fast", "hash": "0123456789ab", "primary": "kd"},
        best=scores,
        last=scores,
        steps=8,
        images=64,
        seconds=1.0,
        device="cpu",
        peak_memory=None,
        parameters={"generator": 1, "discriminator": 1},
        seed=0,
        versions={},
        commit=None,
        dirty=None,
        config_hash="0123456789ab",
        samples=None,
        checkpoints={},
    ).write(script.with_name("record.json"))
    monkeypatch.setattr(jobs, "SCRIPT", script)
    return script
