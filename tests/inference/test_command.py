"""`evaluate.py` as it is typed."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import trained
from omegaconf import OmegaConf

from gansmith.errors import ConfigError
from gansmith.inference.command import evaluate

SCRIPT = Path(__file__).parents[2] / "src" / "evaluate.py"
PROTOCOL = ("metrics=fast", *(f"metrics.{key}={value}" for key, value in trained.FEW.items()))


def typed(folder, *arguments, launcher=(sys.executable,)):
    return subprocess.run(
        [*launcher, str(SCRIPT), *arguments, "device=cpu"], cwd=folder, capture_output=True, text=True, timeout=200
    )


def numbers(output):
    return dict(re.findall(r"^(\w+_efficientnet_lite0\w*)  (\S+)$", output, re.MULTILINE))


def fast():
    """What `PROTOCOL` says."""
    return OmegaConf.merge(OmegaConf.load(SCRIPT.parents[1] / "conf" / "metrics" / "fast.yaml"), trained.FEW)


def kept(folder):
    """The numbers of the one result in the one file of a folder."""
    (path,) = folder.glob("fast_*.json")
    (entry,) = json.loads(path.read_text())["results"]
    return entry["metrics"]


@pytest.mark.parametrize("subjects", [{}, {"ckpt": "a", "run_dir": "b"}, {"run_dir": "b", "fake": "c"}])
def test_one_thing_is_evaluated(subjects):
    with pytest.raises(ConfigError, match=r"one of ckpt=.*run_dir=.*fake="):
        evaluate(OmegaConf.create({"ckpt": None, "run_dir": None, "fake": None, **subjects}))


def test_neighbours_are_those_of_one_checkpoint():
    with pytest.raises(ConfigError, match="neighbours shows the samples of one checkpoint"):
        evaluate(OmegaConf.create({"ckpt": None, "run_dir": "run", "fake": None, "neighbours": 8}))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"ckpt": "run", "real": "digits"}, "real=.* stands beside fake=FOLDER"),
        ({"fake": "folder", "real": "digits", "data": {"name": "mnist5k"}}, "real=.* or data=NAME"),
        ({"ckpt": "run", "metrics": {"samples": 9}}, r"metrics\.samples needs metrics=NAME"),
    ],
)
def test_what_would_be_passed_over_is_a_mistake(keys, message):
    nothing = dict.fromkeys(("ckpt", "run_dir", "fake", "real", "neighbours"))
    with pytest.raises(ConfigError, match=message):
        evaluate(OmegaConf.create({**nothing, **keys}))


@pytest.mark.slow
def test_a_folder_beside_a_data_set_by_its_name(digits, tmp_path):
    by_name = typed(tmp_path, f"fake={digits / 'fake'}", "real=digits", *PROTOCOL)
    assert by_name.returncode == 0, by_name.stderr
    expected = trained.of_folders(digits / "fake", tmp_path, data=trained.DATA, metrics=fast())
    assert numbers(by_name.stdout) == {name: f"{value:.6g}" for name, value in expected.items()}
    unknown = typed(tmp_path, f"fake={digits / 'fake'}", "real=nowhere")
    assert unknown.returncode == 1
    assert unknown.stderr.startswith("gansmith: real=nowhere is neither a folder nor a data set: these are")
    assert unknown.stderr.count("\n") == 1


@pytest.mark.slow
def test_two_processes_find_the_numbers_of_one_and_say_them_once(digits, run_dir, tmp_path):
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    alone = shutil.copytree(run_dir, tmp_path / "alone")
    real = digits / "real"
    folders = typed(tmp_path, f"fake={digits / 'fake'}", f"real={real}", "out=out", *PROTOCOL, launcher=torchrun)
    checkpoints = typed(tmp_path, f"run_dir={run_dir}", *PROTOCOL, launcher=torchrun)
    for ended in (folders, checkpoints):
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.count("protocol fast") == 1
    expected = trained.of_folders(digits / "fake", tmp_path, real=str(real), metrics=fast())
    assert kept(tmp_path / "out") == pytest.approx(expected, rel=1e-6)
    assert kept(run_dir / "evaluation") == pytest.approx(
        trained.of_checkpoint(alone, tmp_path, metrics=fast()), rel=1e-6
    )
