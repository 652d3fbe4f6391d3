"""Grids: a job for each combination, with its own folder and parameters, wherever a launcher runs it."""

import json
import math
from pathlib import Path

import pytest
import runs
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

RATES = (0.001, 0.002)
LAUNCHERS = {"joblib": "hydra_plugins.hydra_joblib_launcher", "submitit_local": "hydra_plugins.hydra_submitit_launcher"}
SWEEP = runs.REPOSITORY / "conf" / "wandb_sweep.yaml"
# Time for the start of many processes on few cores.
LONG = 240


def grid(folder, *overrides, faults="", expect=0):
    """What a grid says, run to its end in a process."""
    arguments = ["-m", *runs.TINY, "model=dcgan", "trainer.max_steps=3", f"hydra.sweep.dir={folder / 'sweep'}"]
    code, output = runs.finish(runs.start(*arguments, *overrides, cwd=folder, faults=faults), seconds=LONG)
    assert code == expect, output
    return output


def jobs(folder):
    """Config and record, or None, of each job's folder, by the folder's name."""
    return {
        path.parent.name: (
            yaml.safe_load(path.read_text()),
            runs.record(path.parent) if path.with_name("result.json").exists() else None,
        )
        for path in sorted((folder / "sweep").glob("*/config.yaml"))
    }


def written(folder, rank):
    lines = map(json.loads, (folder / f"rank{rank}.jsonl").read_text().splitlines())
    return [line for line in lines if line["kind"] == "step"]


@pytest.mark.slow
@pytest.mark.timeout(LONG + 30)
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_launchers_give_each_job_its_folder_and_all_its_ranks_its_parameters(launcher, tmp_path):
    pytest.importorskip(LAUNCHERS[launcher], reason="pip install 'gansmith[launchers]'")
    rates = f"model.optimizer.discriminator.lr={','.join(map(str, RATES))}"
    grid(tmp_path, f"hydra/launcher={launcher}", "trainer=ddp", rates, faults=f"write_down={tmp_path}")
    found = [
        (config["model"]["optimizer"]["discriminator"]["lr"], record["steps"], Path(config["run_dir"]).name == name)
        for name, (config, record) in jobs(tmp_path).items()
    ]
    assert sorted(found) == [(rate, 3, True) for rate in RATES]
    for rank in (0, 1):
        assert sorted(line["lr"] for line in written(tmp_path, rank)) == [rate for rate in RATES for _ in range(3)]


@pytest.mark.slow
def test_a_failed_job_is_named_and_the_others_run(tmp_path):
    output = grid(tmp_path, "data.batch_size=9000,8", expect=1)
    assert "gansmith: data.batch_size=9000 must be" in output
    assert "Traceback" not in output
    assert "Error executing job with overrides" in output
    assert [record["images"] for _, record in jobs(tmp_path).values()] == [24]


@pytest.mark.slow
def test_a_grid_goes_on_in_its_folder(tmp_path):
    steps = "trainer.max_steps=24"
    overrides = ["seed=1,2", "resume=auto", steps, "callbacks.checkpoints.every_n_steps=5"]
    grid(tmp_path, *overrides, faults="kill_first_rank=13", expect=-9)
    (first,) = jobs(tmp_path)
    assert grid(tmp_path, *overrides).count("going on from") == 1
    found = jobs(tmp_path)
    assert first in found
    assert [(config["seed"], record["steps"]) for config, record in found.values()] == [(1, 24), (2, 24)]


# A sweep of W&B is a grid, too, of which somebody else chooses the points.


def sweep_commands():
    """The command lines of two opposite corners of the sweep, as W&B's agent makes them."""
    utils = pytest.importorskip("wandb.sdk.launch.sweeps.utils")
    sweep = yaml.safe_load(SWEEP.read_text())
    for end, place in (("min", 0), ("max", -1)):
        point = {
            key: {"value": given.get("value", given["values"][place] if "values" in given else given.get(end))}
            for key, given in sweep["parameters"].items()
        }
        made = utils.create_sweep_command_args({"args": point}) | {
            "env": ["/usr/bin/env"],
            "interpreter": ["python"],
            "program": [sweep["program"]],
        }
        yield point, [word for part in sweep["command"] for word in (made[part[2:-1]] if part[0] == "$" else [part])]


def test_the_sweep_of_the_documents_asks_for_runs_that_there_are():
    for point, command in sweep_commands():
        assert command[:3] == ["/usr/bin/env", "python", "src/train.py"]
        GlobalHydra.instance().clear()
        with initialize_config_dir(str(runs.REPOSITORY / "conf"), version_base="1.3"):
            config = compose("train", overrides=command[3:])
        assert "wandb" in config.logger
        for key, given in point.items():
            node = config
            for part in key.split("."):
                node = node[part]
            found = getattr(node, "name", node)
            assert found == given["value"] or math.isclose(found, given["value"])


def test_the_metric_of_the_sweep_is_one_that_its_runs_log():
    from gansmith.config import instantiate

    sweep = yaml.safe_load(SWEEP.read_text())
    with initialize_config_dir(str(runs.REPOSITORY / "conf"), version_base="1.3"):
        protocol = instantiate(compose("train", overrides=["seed=0"]).metrics)
    assert sweep["metric"] == {
        "name": protocol.primary_metric,
        "goal": {"min": "minimize", "max": "maximize"}[protocol.direction],
    }
