import shutil

import pytest

from gansmith.results.provenance import experiment_hash, variant_hash
from gansmith.results.runs import collect

CONFIG = {"seed": 3, "model": {"name": "dcgan", "critic_steps": 5, "seed": 3}, "data": {"name": "digits"}}
SKETCH = {"_target_": "gansmith.data.tasks.sketch.Sketch", "sigma": 1.0}


def only(folder):
    (run,), problems = collect([folder])
    assert not problems
    return run


def test_runs_are_found_at_any_depth_and_each_once(write_run, tmp_path):
    write_run("a", {"fd_vgg16": 1.0})
    write_run("sweep/one/b", {"fd_vgg16": 2.0})
    runs, problems = collect([tmp_path, tmp_path / "sweep", tmp_path / "sweep" / ".." / "a"])
    assert sorted(run.run_dir.name for run in runs) == ["a", "b"]
    assert problems == []


def test_a_run_may_be_named_itself(write_run):
    assert only(write_run("a", {"fd_vgg16": 1.0})).record.model == "dcgan"


def test_a_run_may_be_named_by_its_record(write_run):
    run_dir = write_run("a", {"fd_vgg16": 1.0})
    (run,), problems = collect([run_dir / "result.json", run_dir])
    assert (run.run_dir, problems) == (run_dir, [])


def test_broken_and_foreign_files_are_named_and_skipped(write_run, tmp_path):
    write_run("good", {"fd_vgg16": 1.0})
    (write_run("half", {}) / "result.json").write_text("{")
    (write_run("other", {}) / "result.json").write_text('{"accuracy": 0.9}')
    runs, problems = collect([tmp_path])
    assert [run.run_dir.name for run in runs] == ["good"]
    assert [sum(name in problem for problem in problems) for name in ("half/", "other/", "good/")] == [1, 1, 0]
    assert not any("\n" in problem for problem in problems)


def test_a_run_that_left_no_record_is_named(write_run, tmp_path):
    write_run("done", {"fd_vgg16": 1.0})
    for name in ("done", "diverged"):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "overrides.yaml").write_text("[]")
    problems = collect([tmp_path])[1]
    assert len(problems) == 1
    assert "diverged: has no record" in problems[0]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    assert collect([tmp_path / "absent"]) == ([], [f"{tmp_path / 'absent'}: no such folder"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "dcgan"),
        ("parameters.generator", 1_000_000),
        ("protocol.name", "fast"),
        ("fd_vgg16", 3.0),
        ("model.critic_steps", 5),
        ("task.sigma", 1.0),
        ("task.name", "sketch"),
        ("model.absent", None),
        ("absent", None),
    ],
)
def test_fields_are_metrics_keys_of_the_record_and_of_the_config(write_run, field, value):
    run = only(write_run("a", {"fd_vgg16": 3.0}, config={**CONFIG, "task": SKETCH}))
    assert run.field(field) == value


def test_metrics_are_those_of_the_checkpoint_asked_for(write_run):
    run = only(write_run("a", {"fd_vgg16": 3.0}))
    assert (run.field("fd_vgg16", "last"), run.field("fd_vgg16", "best")) == (3.0, 1.5)


def test_the_variant_of_an_older_record_comes_from_its_config(write_run):
    run = only(write_run("a", {"fd_vgg16": 3.0}, config=CONFIG, variant="", config_hash=experiment_hash(CONFIG)))
    assert run.variant == variant_hash(CONFIG)


def test_a_config_that_is_not_the_records_says_nothing_of_its_variant(write_run):
    run = only(write_run("a", {"fd_vgg16": 3.0}, config=CONFIG, variant="", config_hash="bbbbbbbbbbbb"))
    assert run.variant == "bbbbbbbbbbbb"


def test_a_record_is_enough(write_run, tmp_path):
    folder = write_run("a", {"fd_vgg16": 3.0}, config=CONFIG)
    shutil.move(folder / "result.json", tmp_path / "result.json")
    shutil.rmtree(folder)
    assert only(tmp_path).field("model.critic_steps") is None


def test_an_older_record_takes_its_task_from_its_config(write_run):
    run = only(write_run("a", {"psnr": 3.0}, config={**CONFIG, "task": SKETCH}))
    assert run.problem.startswith("digits, sketch ")


@pytest.mark.parametrize("known", [{"limit": 500}, {"config": {**CONFIG, "data": {"name": "digits", "limit": 500}}}])
def test_few_pictures_are_another_problem(write_run, known):
    run = only(write_run("a", {"fd_vgg16": 3.0}, **known))
    assert (run.problem, run.field("limit")) == ("digits[500]", 500)
