"""Checkpoints are whole or not there, hold no code, and go on only with what they are of."""

import random
import resource
import shutil

import numpy as np
import pytest
import runs
import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from gansmith.config import register_resolvers
from gansmith.errors import CheckpointError, ConfigError, NonFiniteError
from gansmith.experiment import build_model, check_resumable, load_model, run
from gansmith.models.adversarial import AdversarialModel
from gansmith.training.checkpoints import (
    AtomicCheckpointIO,
    Checkpoints,
    check_fits,
    load_checkpoint,
    random_state,
    set_random_state,
)

CONF = str(runs.REPOSITORY / "conf")
SMALL = (*runs.TINY, "model=dcgan", "trainer.max_steps=6")
EVALUATED = (*SMALL, *runs.CHEAP_METRICS, "callbacks.evaluation.every_n_steps=3")


def composed(*overrides):
    register_resolvers()
    GlobalHydra.instance().clear()
    with initialize_config_dir(CONF, version_base="1.3"):
        return compose("train", overrides=[*runs.last_of_each_key(overrides)])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a small finished run."""
    run_dir = tmp_path_factory.mktemp("finished") / "run"
    assert run(composed(*SMALL, f"run_dir={run_dir}"), list(SMALL)) == 0
    return run_dir


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """The folder of a small finished run with a best checkpoint."""
    run_dir = tmp_path_factory.mktemp("evaluated") / "run"
    assert run(composed(*EVALUATED, f"run_dir={run_dir}"), list(EVALUATED)) == 0
    return run_dir


@pytest.fixture
def run_dir(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Writing.


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("file write failed")])
def test_a_failing_write_leaves_the_previous_file_and_nothing_else(tmp_path, monkeypatch, error):
    path = tmp_path / "checkpoints" / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({"step": torch.tensor(1)}, path)
    before = contents(tmp_path)

    def full(content, file):
        file.write(b"half")
        raise error

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(CheckpointError, match=r"last.ckpt could not be written \(.*\); the previous one is in place"):
        AtomicCheckpointIO().save_checkpoint({"step": torch.tensor(2)}, path)
    assert contents(tmp_path) == before


def test_half_a_file_never_has_the_name(tmp_path, monkeypatch):
    path = tmp_path / "last.ckpt"
    save = torch.save

    def watched(content, file):
        save(content, file)
        assert not path.exists()

    monkeypatch.setattr(torch, "save", watched)
    AtomicCheckpointIO().save_checkpoint({"step": torch.tensor(1)}, path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["last.ckpt"]


@pytest.mark.slow
def test_a_full_disk_ends_the_run_with_one_line(run_dir):
    size = (run_dir / "checkpoints" / "last.ckpt").stat().st_size
    before = (run_dir / "checkpoints" / "last.ckpt").read_bytes()

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    output = runs.train(f"resume={run_dir}", "trainer.max_steps=12", expect=1, preexec=limit)
    (line,) = [line for line in output.splitlines() if line.startswith("gansmith: ")]
    assert "last.ckpt could not be written" in line
    assert "Traceback" not in output
    assert (run_dir / "checkpoints" / "last.ckpt").read_bytes() == before
    assert not list(run_dir.rglob(".*.tmp"))


def test_what_a_killed_process_left_is_removed(run_dir):
    leftover = run_dir / "checkpoints" / ".last.ckpt.123.tmp"
    leftover.write_bytes(b"half")
    config = composed(*SMALL, f"run_dir={run_dir}", f"resume={run_dir}", "trainer.max_steps=7")
    assert run(config, list(SMALL)) == 0
    assert not leftover.exists()
    assert runs.record(run_dir)["steps"] == 7


def test_checkpoints_that_stay_change_nothing_else(finished, tmp_path):
    config = composed(*SMALL, f"run_dir={tmp_path}/run", "callbacks.checkpoints.keep_every_n_steps=2")
    assert run(config, list(SMALL)) == 0
    kept = sorted((tmp_path / "run" / "checkpoints").glob("step_*.ckpt"))
    assert [path.name for path in kept] == [f"step_{step:08d}.ckpt" for step in (2, 4, 6)]
    runs.assert_same_run(tmp_path / "run", finished)
    config = composed(*SMALL, f"run_dir={tmp_path}/again", f"resume={kept[1]}")
    assert run(config, list(SMALL)) == 0
    ends = [runs.what_goes_on(runs.checkpoint(folder)) for folder in (tmp_path / "again", finished)]
    runs.assert_equal(*ends, path="last")


def test_going_on_removes_what_was_kept_of_later_steps(run_dir):
    folder = run_dir / "checkpoints"
    for name in ("step_00000006", "step_00000099", "step_by_step"):
        shutil.copy(folder / "last.ckpt", folder / f"{name}.ckpt")
    config = composed(*SMALL, f"run_dir={run_dir}", f"resume={run_dir}", "trainer.max_steps=7")
    assert run(config, list(SMALL)) == 0
    assert sorted(path.stem for path in folder.glob("*.ckpt")) == ["last", "step_00000006", "step_by_step"]


@pytest.mark.parametrize("intervals", [{"every_n_steps": 0}, {"every_n_steps": 1, "keep_every_n_steps": 0}])
def test_intervals_count_from_one(tmp_path, intervals):
    with pytest.raises(ConfigError, match=r"callbacks\.checkpoints\.\w+ is 0; it counts steps, from 1"):
        Checkpoints(str(tmp_path), {}, **intervals)


@pytest.mark.slow
def test_a_diverged_run_keeps_its_last_good_checkpoint(tmp_path):
    run_dir = tmp_path / "run"
    output = runs.train(
        *(override for override in SMALL if not override.startswith("model.features")),
        f"run_dir={run_dir}",
        "model=gan",
        "callbacks.checkpoints.every_n_steps=1",
        "model.optimizer.generator.lr=1e30",
        expect=1,
    )
    (line,) = [line for line in output.splitlines() if line.startswith("gansmith: ")]
    assert "step 1: the discriminator's adversarial loss is not finite" in line
    assert "Traceback" not in output
    kept = runs.checkpoint(run_dir)
    assert kept["global_step"] == 1
    assert all(tensor.isfinite().all() for tensor in kept["state_dict"].values())
    load_model(run_dir / "checkpoints" / "last.ckpt")


def test_weights_that_are_not_finite_are_never_saved(tmp_path, monkeypatch):
    """They come out of a step whose losses and gradients were finite."""
    advance = AdversarialModel._advance_step

    def overflow(model):
        if model.global_step == 3:
            next(model.generator.parameters()).data[0].fill_(float("inf"))
        advance(model)

    monkeypatch.setattr(AdversarialModel, "_advance_step", overflow)
    config = composed(*SMALL, f"run_dir={tmp_path}", "callbacks.checkpoints.every_n_steps=2")
    with pytest.raises(NonFiniteError, match="step 4: the generator's largest weight is not finite"):
        run(config, [])
    assert runs.checkpoint(tmp_path)["global_step"] == 2


# Reading.


def test_a_finished_run_has_nothing_left_to_do(run_dir, caplog):
    caplog.set_level("INFO", "gansmith")
    before = contents(run_dir)
    assert run(composed(*SMALL, f"run_dir={run_dir}", f"resume={run_dir}"), list(SMALL)) == 0
    assert contents(run_dir) == before
    assert caplog.messages == [f"{run_dir} has all its 6 steps; a larger trainer.max_steps goes on"]


@pytest.mark.parametrize("best", ["elsewhere", "gone", "newer", "broken"])
def test_a_best_checkpoint_that_is_not_there_is_chosen_anew(evaluated, tmp_path, best):
    old = shutil.copytree(evaluated, tmp_path / "old")
    run_dir = tmp_path / "new" if best == "elsewhere" else old
    path = old / "checkpoints" / "best.ckpt"
    if best == "gone":
        path.unlink()
    if best == "broken":
        path.write_bytes(b"half")
    if best == "newer":
        torch.save({**torch.load(path, weights_only=True), "global_step": 999}, path)
    config = composed(*EVALUATED, f"run_dir={run_dir}", f"resume={old}/checkpoints/last.ckpt", "trainer.max_steps=9")
    assert run(config, list(EVALUATED)) == 0
    assert runs.record(run_dir)["best"]["step"] == 9
    assert runs.checkpoint(run_dir, "best")["global_step"] == 9


def test_a_best_checkpoint_that_is_there_stays(evaluated, tmp_path):
    old = shutil.copytree(evaluated, tmp_path / "old")
    before = runs.checkpoint(old, "best")["global_step"]
    config = composed(*EVALUATED, f"run_dir={old}", f"resume={old}", "trainer.max_steps=9")
    assert run(config, list(EVALUATED)) == 0
    best = runs.record(old)["best"]["step"]
    assert best in (before, 9)
    assert runs.checkpoint(old, "best")["global_step"] == best


def test_a_checkpoint_goes_on_in_an_empty_folder_alone(run_dir, tmp_path):
    other = shutil.copytree(run_dir, tmp_path / "other")
    ckpt = other / "checkpoints" / "last.ckpt"
    with pytest.raises(CheckpointError, match=f"{run_dir} holds a run"):
        run(composed(*SMALL, f"run_dir={run_dir}", f"resume={ckpt}", "trainer.max_steps=7"), list(SMALL))


def test_a_refused_start_writes_nothing(tmp_path):
    for wrong in ("trainer.max_steps=0", "callbacks.checkpoints.every_n_steps=0", "seed=-1"):
        with pytest.raises(ConfigError):
            run(composed(*SMALL, f"run_dir={tmp_path}/run", f"cache_dir={tmp_path}/c", wrong), list(SMALL))
    assert not list(tmp_path.iterdir())


def test_many_differences_are_one_short_line(run_dir):
    with pytest.raises(CheckpointError, match=r"; and \d+ more$") as caught:
        run(composed(*SMALL, f"run_dir={run_dir}", f"resume={run_dir}", "model=wgan_gp"), list(SMALL))
    assert str(caught.value).count(" in the checkpoint, ") == 5


def test_a_new_run_does_not_overwrite_an_old_one(run_dir):
    with pytest.raises(CheckpointError, match=f"holds a run; resume={run_dir} goes on"):
        run(composed(*SMALL, f"run_dir={run_dir}"), list(SMALL))


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        run(composed(*SMALL, f"run_dir={tmp_path}", f"resume={tmp_path}"), list(SMALL))


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_part_of_a_file_is_refused_in_one_line(finished, tmp_path, kept):
    whole = (finished / "checkpoints" / "last.ckpt").read_bytes()
    part = tmp_path / "part.ckpt"
    part.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(CheckpointError, match="can't be read as a checkpoint") as caught:
        load_checkpoint(part)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("foreign", [{"model": torch.zeros(1)}, {"state_dict": {}, "epoch": 1}, [1, 2]])
def test_another_projects_file_is_refused(tmp_path, foreign):
    torch.save(foreign, tmp_path / "foreign.ckpt")
    with pytest.raises(CheckpointError, match="no checkpoint of gansmith"):
        load_checkpoint(tmp_path / "foreign.ckpt")


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_file_that_would_run_code_is_refused_unrun(finished, tmp_path):
    trapped = {**runs.checkpoint(finished), "trap": Trap(tmp_path / "ran")}
    torch.save(trapped, tmp_path / "trap.ckpt")
    with pytest.raises(CheckpointError, match="can't be read as a checkpoint") as caught:
        load_checkpoint(tmp_path / "trap.ckpt")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_a_trap_ends_the_command_with_one_line(run_dir, tmp_path):
    content = {**runs.checkpoint(run_dir), "trap": Trap(tmp_path / "ran")}
    torch.save(content, run_dir / "checkpoints" / "last.ckpt")
    output = runs.train(f"resume={run_dir}", "trainer.max_steps=12", expect=1)
    (line,) = [line for line in output.splitlines() if line.startswith("gansmith: ")]
    assert "can't be read as a checkpoint" in line
    assert "Traceback" not in output
    assert not (tmp_path / "ran").exists()


def test_a_config_that_would_run_code_is_refused(finished, tmp_path):
    content = runs.checkpoint(finished)
    content["config"]["model"]["loss"] = {"_target_": "os.mkdir", "path": str(tmp_path / "ran")}
    torch.save(content, tmp_path / "trap.ckpt")
    with pytest.raises(ConfigError, match=r"os\.mkdir is not allowed"):
        load_model(tmp_path / "trap.ckpt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("model=lsgan", "model.name: dcgan in the checkpoint, lsgan now"),
        ("model.features=6", "model.features: 4 in the checkpoint, 6 now"),
        ("model.schedule.generator.warmup=7", "model.schedule.generator.warmup: 0 in the checkpoint, 7 now"),
        ("data.batch_size=16", "data.batch_size: 8 in the checkpoint, 16 now"),
        ("seed=3", "seed: 0 in the checkpoint, 3 now"),
    ],
)
def test_another_run_is_refused_with_the_keys_that_differ(run_dir, change, named):
    before = contents(run_dir)
    config = composed(*SMALL, f"run_dir={run_dir}", f"resume={run_dir}", change)
    with pytest.raises(CheckpointError, match="is of another run") as caught:
        run(config, list(SMALL))
    assert named in str(caught.value)
    assert contents(run_dir) == before


def test_other_weights_are_refused_with_their_names(finished):
    content = runs.checkpoint(finished)
    model = build_model(content["config"])
    path = finished / "checkpoints" / "last.ckpt"
    key, other, *_ = content["state_dict"]
    state = {**content["state_dict"], key: torch.zeros(7), "stranger": torch.zeros(1)}
    del state[other]
    with pytest.raises(CheckpointError) as caught:
        check_fits(model, state, path)
    assert f"{key} is (7,), not" in str(caught.value)
    assert f"{other} is missing" in str(caught.value)
    assert "stranger is unknown" in str(caught.value)


def test_the_step_of_a_checkpoint_that_fits(finished):
    content = runs.checkpoint(finished)
    model = build_model(content["config"])
    assert check_resumable(model, content["config"], finished / "checkpoints" / "last.ckpt") == 6


def draws():
    return random.random(), float(np.random.rand()), torch.rand(3).tolist(), random.gauss(0, 1), torch.randn(2).tolist()  # noqa: NPY002


def test_random_states_go_on_where_they_were(tmp_path):
    random.gauss(0, 1)
    torch.save(random_state(), tmp_path / "state")
    expected = draws()
    draws()
    set_random_state(torch.load(tmp_path / "state", weights_only=True))
    assert draws() == expected
