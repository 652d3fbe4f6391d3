"""Two processes train what one would, send no more than they must, and none outlives the other."""

import json

import pytest
import runs
import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from gansmith.inference import evaluate_checkpoint

# Batch statistics are of each rank's own pictures, so the networks have none; in double precision nothing hides.
WITHOUT_BATCH_NORM = ("model/generator=dcgan", "model.generator.norm=none")
EXACT = {
    "dcgan": (*runs.TINY, "model=dcgan", *WITHOUT_BATCH_NORM, "model.discriminator.norm=none"),
    "wgan_gp": (*runs.TINY, "model=wgan_gp", *WITHOUT_BATCH_NORM),
    **runs.FAMILY,
    "sngan": (*runs.FAMILY["sngan"], *WITHOUT_BATCH_NORM),
    "biggan": (*runs.FAMILY["biggan"], *WITHOUT_BATCH_NORM),
}
# Of a message with means, such as that of w; gradients are larger.
FEW_BYTES = 100
HUNG = 60


def written(folder, rank, kind):
    lines = [json.loads(line) for line in (folder / f"rank{rank}.jsonl").read_text().splitlines()]
    return [line for line in lines if line.pop("kind") == kind]


@pytest.fixture(scope="module", params=EXACT)
def pair(request, tmp_path_factory):
    """The same training by one process and by two, and what the two wrote down."""
    folder = tmp_path_factory.mktemp(request.param)
    arguments = [*EXACT[request.param], "trainer.precision=64-true", "trainer.max_steps=20"]
    runs.train(*arguments, f"run_dir={folder / 'one'}")
    runs.train(*arguments, "trainer=ddp", f"run_dir={folder / 'two'}", faults=f"write_down={folder}")
    return folder


@pytest.mark.slow
def test_two_ranks_train_what_one_process_trains(pair):
    one, two = runs.checkpoint(pair / "one"), runs.checkpoint(pair / "two")
    assert one["state_dict"].keys() == two["state_dict"].keys()
    for key, weights in one["state_dict"].items():
        assert weights.dtype in (torch.float64, torch.int64), key
        torch.testing.assert_close(two["state_dict"][key], weights, rtol=0, atol=1e-9, msg=key)
    assert one["images_seen"] == two["images_seen"] == 20 * 8


@pytest.mark.slow
def test_only_gradients_of_the_side_that_steps_travel(pair):
    size = {side: 8 * count for side, count in runs.record(pair / "two")["parameters"].items()}
    critic_steps = runs.checkpoint(pair / "two")["config"]["model"]["critic_steps"]
    steps = [("discriminator", step) for step in range(20)]
    steps += [("generator", step) for step in range(critic_steps - 1, 20, critic_steps)]
    for rank in (0, 1):
        sent = written(pair, rank, "sent")
        gradients = [
            (line["side"], line["step"], line["bytes"]) for line in sent if line["side"] and line["bytes"] > FEW_BYTES
        ]
        assert sorted(gradients) == sorted((side, step, size[side]) for side, step in steps)
        # Means of scalars for the log, and whether anybody got a signal.
        assert sum(line["bytes"] for line in sent if not line["side"]) < 1000


@pytest.mark.slow
def test_ranks_see_disjoint_halves_of_each_batch(pair):
    first, second = (written(pair, rank, "step") for rank in (0, 1))
    assert len(first) == len(second) == 20
    seen = [row for lines in zip(first, second) for line in lines for row in line["rows"]]
    assert all(len(line["rows"]) == 4 for line in (*first, *second))
    # The first epoch shows no picture twice; two of the set's pictures may be equal.
    assert len(seen) == 20 * 8
    assert len(set(seen)) > 20 * 8 - 5


@pytest.mark.slow
def test_ranks_measure_the_same_and_so_does_the_command(references):
    by_rank = [written(references / "written", rank, "metrics") for rank in (0, 1)]
    assert len(by_rank[0]) >= 4
    assert by_rank[0] == by_rank[1]
    run_dir = references / "ranks"
    scores = runs.record(run_dir)
    metrics = [override for override in runs.CHEAP_METRICS if override.startswith("metrics")]
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(runs.REPOSITORY / "conf"), version_base="1.3"):
        for name in ("last", "best"):
            ckpt = run_dir / "checkpoints" / f"{name}.ckpt"
            config = compose("evaluate", overrides=[*metrics, f"ckpt={ckpt}", "device=cpu", f"cache_dir={references}"])
            assert evaluate_checkpoint(config) == scores[name]["metrics"]


@pytest.mark.slow
def test_a_rank_that_dies_takes_the_others_along_and_nothing_is_lost(references, tmp_path):
    """The last process is killed while the first waits for nobody, then the first; then a callback fails."""
    run_dir = tmp_path / "run"
    begin = [*runs.RANKS, f"cache_dir={references}", f"run_dir={run_dir}"]
    for arguments, faults, message in (
        (begin, "kill_last_rank=7 pause=7", "terminated with code -9. Forcefully terminating all other processes"),
        ([f"resume={run_dir}"], "kill_first_rank=13", "gansmith: another process has ended"),
        ([f"resume={run_dir}"], "raise_in_last_rank=17", "a callback of rank 1 failed"),
    ):
        process = runs.start(*arguments, faults=f"noise {faults}", PAUSED=str(tmp_path / "paused"))
        code, output = runs.finish(process, seconds=HUNG)
        assert code != 0
        assert message in output
        runs.wait_until(lambda process=process: not runs.alive(process), HUNG)
        assert not (run_dir / "result.json").exists()
    runs.train(f"resume={run_dir}", faults="noise")
    runs.assert_same_run(run_dir, references / "ranks")


@pytest.mark.slow
def test_spawned_ranks_train_the_same(references, tmp_path):
    run_dir = tmp_path / "run"
    output = runs.train(
        *runs.RANKS, "trainer=ddp_spawn", f"cache_dir={references}", f"run_dir={run_dir}", faults="noise"
    )
    assert "result.json" in output
    spawned, started = (runs.checkpoint(folder) for folder in (run_dir, references / "ranks"))
    runs.assert_equal(spawned["state_dict"], started["state_dict"], "state_dict")
    assert runs.lines(run_dir) == runs.lines(references / "ranks")
    assert runs.record(run_dir)["last"] == runs.record(references / "ranks")["last"]


@pytest.mark.slow
def test_a_sweep_gives_each_job_its_parameters_on_all_ranks(tmp_path):
    rates = (0.001, 0.002)
    runs.train(
        "-m",
        *runs.TINY,
        "model=dcgan",
        "trainer=ddp",
        "trainer.max_steps=3",
        f"model.optimizer.discriminator.lr={','.join(map(str, rates))}",
        f"hydra.sweep.dir={tmp_path / 'sweep'}",
        faults=f"write_down={tmp_path}",
    )
    for rank in (0, 1):
        assert [line["lr"] for line in written(tmp_path, rank, "step")] == [rate for rate in rates for _ in range(3)]
    folders = sorted((tmp_path / "sweep").glob("*/result.json"))
    assert len(folders) == 2
    assert {entry.name for entry in (tmp_path / "sweep").iterdir()} == {
        *(record.parent.name for record in folders),
        "multirun.yaml",
    }
    for record, rate in zip(folders, rates):
        text = (record.parent / "config.yaml").read_text()
        assert f"lr: {rate}" in text
