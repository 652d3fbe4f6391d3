"""python src/benchmark.py: from a suite to its leaderboard."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hydra import compose

from gansmith.errors import ConfigError
from gansmith.suites.command import benchmark

REPOSITORY = Path(__file__).parents[2]
TINY = """
name: tiny
models: [dcgan, lsgan]
data: [digits]
seeds: [0]
overrides:
  all: [trainer=cpu, logger=none, model.features=2, model.latent=2, data.batch_size=8, trainer.max_steps=600,
    callbacks.checkpoints.every_n_steps=10, callbacks.evaluation.every_n_steps=1000, "metrics.metrics=[kd]",
    metrics.primary=kd, metrics.samples=8, metrics.during_samples=8, metrics.reference_samples=8,
    metrics.kd_subsets=2, metrics.kd_subset_size=4, metrics.resize=32]
  lsgan: [model.critic_steps=0]
"""


def config(out, *overrides):
    base = ("suite=cpu_small", "suite.data=[digits]", "suite.seeds=[0,1]", "jobs=2", f"out={out}")
    return compose("benchmark", overrides=[*base, *overrides])


@pytest.mark.usefixtures("conf")
def test_a_suite_ends_in_its_leaderboard(stand_in, tmp_path, capsys):
    out = tmp_path / "out"
    assert benchmark(config(out, "suite.models=[dcgan,lsgan]")) == 1
    said = capsys.readouterr()
    assert re.search(r"1 │ dcgan .*│ +2 │", said.out)  # rank, model, seeds
    assert "gansmith: 2 of 4 runs failed" in said.err
    assert f"digits/lsgan/seed=1: a loss is not finite ({out}/digits/lsgan/seed=1/output.log)" in said.err
    page = (out / "leaderboard.html").read_text()
    assert "dcgan" in page
    (out / "digits" / "lsgan" / "mended").touch()
    assert benchmark(config(out, "suite.models=[dcgan,lsgan]")) == 0
    said = capsys.readouterr()
    assert "failed" not in said.err
    assert said.err.count("dcgan/seed=0  has its record") == 1
    assert re.search(r"lsgan .*│ +2 │", said.out)
    assert "lsgan" in (out / "leaderboard.html").read_text()


@pytest.mark.usefixtures("conf")
@pytest.mark.parametrize("number", [0, "two"])
def test_jobs_counts_from_one(number, tmp_path):
    with pytest.raises(ConfigError, match=f"jobs={number}"):
        benchmark(config(tmp_path, f"jobs={number}"))
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("conf")
@pytest.mark.parametrize(("change", "name"), [("~suite.seeds", "seeds"), ("+suite.seed=0", "seed")])
def test_a_suite_has_certain_keys(change, name, tmp_path):
    with pytest.raises(ConfigError, match=f"suite: .*'{name}'.*; a suite has name, models, data, seeds, overrides"):
        benchmark(config(tmp_path, change))


def command(folder):
    arguments = ["--config-dir", "conf", "suite=tiny", "jobs=2", "out=out"]
    return subprocess.Popen(
        [sys.executable, str(REPOSITORY / "src" / "benchmark.py"), *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_suite_that_was_interrupted_goes_on(tmp_path):
    (tmp_path / "conf" / "suite").mkdir(parents=True)
    (tmp_path / "conf" / "suite" / "tiny.yaml").write_text(TINY)
    first = command(tmp_path)
    run_dir = tmp_path / "out" / "digits" / "dcgan" / "seed=0"
    deadline = time.monotonic() + 120
    while not (run_dir / "checkpoints" / "last.ckpt").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    first.send_signal(signal.SIGINT)
    _, said = first.communicate(timeout=300)
    assert first.returncode == 130, said
    assert said.endswith("gansmith: interrupted; the same command goes on\n")
    assert not (run_dir / "result.json").exists()
    second = command(tmp_path)
    table, said = second.communicate(timeout=200)
    assert second.returncode == 1, said
    assert "going on from" in (run_dir / "output.log").read_text()
    assert "gansmith: 1 of 2 runs failed" in said
    assert re.search(r"digits/lsgan/seed=0: .*critic_steps", said)
    assert "Traceback" not in said
    assert "dcgan" in table
    assert (tmp_path / "out" / "leaderboard.html").exists()
