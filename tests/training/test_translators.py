"""Models from picture to picture: killed and resumed, and trained by two processes, as tiny as they get."""

import signal

import pytest
import runs
import torch

KILLED = -signal.SIGKILL
TINY = (
    "data.resolution=32",
    "data.batch_size=4",
    "logger=none",
    "metrics.metrics=[l1]",
    "metrics.primary=l1",
    "metrics.samples=6",
    "metrics.during_samples=2",
    "trainer=cpu",
    "trainer.max_steps=12",
    "callbacks.checkpoints.every_n_steps=5",
    "callbacks.watch.every_n_steps=4",
    "callbacks.evaluation.every_n_steps=4",
    "callbacks.samples.every_n_steps=4",
    "callbacks.samples.count=2",
)
SWITCH = 10  # a step with a checkpoint
MODELS = {
    "pix2pix": (*TINY, "model=pix2pix", "model.features=2"),
    # Full after two steps.
    "cyclegan": (*TINY, "model=cyclegan", "model.features=2", "model.pool_size=6"),
    "cut": (*TINY, "model=cut", "model.features=2", "model.heads.features=4", "model.patches=16"),
    "srgan": (
        *TINY,
        "model=srgan",
        "model.generator.features=4",
        "model.generator.blocks=1",
        "model.discriminator.features=2",
        f"model.pretrain_steps={SWITCH}",
        "trainer.max_steps=18",
    ),
}
# Batch statistics and dropout differ between ranks, and a bias before an instance norm has a gradient of rounding
# errors alone, which Adam takes for large. In double precision nothing else hides.
EXACT = {
    "pix2pix": ("model.generator.norm=none", "model.generator.dropout=0", "model.discriminator.norm=none"),
    "cyclegan": (
        *(f"model.generator.{network}.norm=none" for network in ("to_target", "to_source")),
        *(f"model.discriminator.{network}.norm=none" for network in ("target", "source")),
    ),
    "cut": ("model.generator.norm=none", "model.discriminator.norm=none"),
    "srgan": ("model/discriminator=patch", "model.discriminator.norm=none", "model.pretrain_steps=4"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Runs that nothing stopped, by the model's name; two at a time."""
    folder = tmp_path_factory.mktemp("whole")
    for pair in (("pix2pix", "cyclegan"), ("cut", "srgan")):
        train_together(*([*MODELS[name], f"run_dir={folder / name}"] for name in pair))
    return folder


def train_together(*lists):
    """Runs at the same time, one a list of overrides."""
    for process in [runs.start(*overrides) for overrides in lists]:
        code, output = runs.finish(process)
        assert code == 0, output


@pytest.mark.slow
@pytest.mark.parametrize("model", ["pix2pix", "cyclegan", "cut"])
def test_killed_between_two_checkpoints(model, whole, tmp_path):
    """Dropout, batch statistics, the full pool and drawn patches: all of it goes on bit for bit, sheets included."""
    run_dir = tmp_path / "run"
    runs.train(*MODELS[model], f"run_dir={run_dir}", faults="kill_in_half_step=7", expect=KILLED)
    assert runs.checkpoint(run_dir)["global_step"] == 5
    runs.train(f"resume={run_dir}")
    assert len(list(run_dir.glob("samples/*"))) == 3
    runs.assert_same_run(run_dir, whole / model)


@pytest.mark.slow
def test_killed_before_at_and_after_the_switch_of_stages(whole, tmp_path):
    run_dir = tmp_path / "run"
    goes_on = f"resume={run_dir}"
    runs.train(*MODELS["srgan"], f"run_dir={run_dir}", faults=f"kill_in_half_step={SWITCH - 2}", expect=KILLED)
    kept = run_dir / "checkpoints" / "pretrained.ckpt"
    assert not kept.exists()
    for step, found in ((SWITCH, SWITCH), (SWITCH + 6, SWITCH + 5)):
        runs.train(goes_on, faults=f"kill_in_half_step={step}", expect=KILLED)
        assert runs.checkpoint(run_dir)["global_step"] == found
        assert kept.exists()
    runs.train(goes_on)
    runs.assert_same_run(run_dir, whole / "srgan")
    first, expected = (runs.what_goes_on(runs.checkpoint(run, "pretrained")) for run in (run_dir, whole / "srgan"))
    assert first["global_step"] == SWITCH
    runs.assert_equal(first, expected, "pretrained")


@pytest.mark.slow
@pytest.mark.parametrize("model", list(MODELS))
def test_two_processes_train_what_one_trains(model, tmp_path):
    arguments = [*MODELS[model], *EXACT[model], "trainer.precision=64-true", "trainer.max_steps=8"]
    train_together(
        [*arguments, f"run_dir={tmp_path / 'one'}"], [*arguments, "trainer=ddp", f"run_dir={tmp_path / 'two'}"]
    )
    one, two = (runs.checkpoint(tmp_path / name) for name in ("one", "two"))
    assert one["state_dict"].keys() == two["state_dict"].keys()
    for key, weights in one["state_dict"].items():
        assert weights.dtype == torch.float64, key
        torch.testing.assert_close(two["state_dict"][key], weights, rtol=0, atol=1e-9, msg=key)
    assert one["images_seen"] == two["images_seen"] == 8 * 4
    for direction, pictures in one.get("pools", {}).items():
        torch.testing.assert_close(two["pools"][direction], pictures, rtol=0, atol=1e-9, msg=direction)
    scores = [runs.record(tmp_path / name)["last"]["metrics"] for name in ("one", "two")]
    assert scores[1] == pytest.approx(scores[0], rel=1e-4)
