import subprocess

import pytest
import torch

from gansmith.results import provenance
from gansmith.results.provenance import (
    config_hash,
    describe_task,
    device_name,
    experiment_hash,
    git_state,
    peak_memory,
    variant_hash,
    versions,
)

CONFIG = {
    "seed": 1,
    "run_dir": "logs/a",
    "published": None,
    "model": {"name": "gan", "lr": 1e-3, "seed": 1},
    "data": {"name": "digits", "seed": 1, "batch_size": 64},
    "metrics": {"name": "fast", "seed": 0},
    "trainer": {"max_steps": 100},
}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository with one commit of `package/module.py`."""
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text("x = 1\n")
    run(tmp_path, "init", "--quiet")
    run(tmp_path, "add", ".")
    run(tmp_path, "-c", "user.name=n", "-c", "user.email=e", "commit", "--quiet", "--no-verify", "-m", "first")
    return tmp_path


def run(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_clean_checkout_is_its_commit(checkout):
    commit, dirty = git_state(checkout / "package")
    assert commit == run(checkout, "rev-parse", "HEAD").strip()
    assert dirty is False


@pytest.mark.parametrize("name", ["module.py", "new.py"])
def test_a_changed_or_new_file_makes_it_dirty(checkout, name):
    (checkout / "package" / name).write_text("x = 2\n")
    assert git_state(checkout / "package")[1] is True


def test_a_hooks_git_variables_do_not_lead_elsewhere(checkout, monkeypatch):
    monkeypatch.setenv("GIT_DIR", "/nowhere/.git")
    assert git_state(checkout / "package")[1] is False


def test_outside_of_a_checkout_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "git", lambda *_: None)
    assert git_state(tmp_path) == (None, None)


def test_an_installed_package_is_not_the_repository_around_it(checkout):
    installed = checkout / ".venv" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "module.py").touch()
    assert git_state(installed) == (None, None)


def test_without_git_there_is_no_commit(checkout, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert git_state(checkout / "package") == (None, None)


def test_a_git_that_hangs_is_given_up(checkout, monkeypatch):
    def hang(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", hang)
    assert git_state(checkout / "package") == (None, None)


def test_the_hash_is_of_the_content_not_of_the_order():
    first = config_hash({"model": {"lr": 1e-3, "name": "gan"}, "seed": 0})
    assert first == config_hash({"seed": 0, "model": {"name": "gan", "lr": 1e-3}})
    assert first != config_hash({"seed": 1, "model": {"name": "gan", "lr": 1e-3}})
    assert len(first) == 12


def test_versions_name_what_decides_a_number():
    packages = {"torch", "torchvision", "torchmetrics", "torch-fidelity", "lightning", "gansmith"}
    assert set(versions()) == {"python", *packages}


def test_the_cpu_has_a_name_and_no_peak():
    cpu = torch.device("cpu")
    assert (device_name(cpu), device_name(cpu, 2), peak_memory(cpu)) == ("cpu", "2 x cpu", None)


def test_variants_are_the_same_for_other_seeds_alone():
    model, data = ({**CONFIG[part], "seed": 2} for part in ("model", "data"))
    other_seed = {**CONFIG, "seed": 2, "model": model, "data": data}
    assert variant_hash(other_seed) == variant_hash(CONFIG)
    assert experiment_hash(other_seed) != experiment_hash(CONFIG)
    for part, changed in (("model", {"lr": 2e-3}), ("trainer", {"max_steps": 200}), ("metrics", {"seed": 1})):
        assert variant_hash({**CONFIG, part: {**CONFIG[part], **changed}}) != variant_hash(CONFIG)


def test_where_a_run_lies_and_what_others_published_is_not_the_experiment():
    elsewhere = {**CONFIG, "run_dir": "logs/b", "published": [{"metric": "fid", "value": 3.2}]}
    assert experiment_hash(elsewhere) == experiment_hash(CONFIG)
    assert variant_hash(elsewhere) == variant_hash(CONFIG)


def test_tasks_differ_by_their_settings():
    double, fourfold = (
        describe_task({"_target_": "gansmith.data.tasks.super_resolution.BlindSuperResolution", "scale": scale})
        for scale in (2, 4)
    )
    assert (double["name"], double["scale"]) == ("blind_super_resolution", 2)
    assert double["hash"] != fourfold["hash"]


def test_pairs_as_they_are_have_no_task():
    assert describe_task(None) == describe_task({"_target_": "gansmith.data.tasks.given.Given", "scale": 1}) == {}
