"""Which checkpoints there are, and the model in one of them."""

import pytest
import torch
import trained

from gansmith.errors import CheckpointError, ConfigError
from gansmith.experiment import build_model
from gansmith.inference import find_checkpoint, pick_device
from gansmith.inference.checkpoints import find_checkpoints, load_trained, run_of


def config(**changes):
    return {"model": trained.MODEL, "data": trained.DATA, "seed": 0, **changes}


def test_a_runs_folder_means_its_best_checkpoint(run_dir):
    assert find_checkpoint(run_dir).name == "last.ckpt"
    best = run_dir / "checkpoints" / "best.ckpt"
    best.write_bytes((run_dir / "checkpoints" / "last.ckpt").read_bytes())
    assert find_checkpoint(run_dir) == best
    assert find_checkpoint(best) == best
    with pytest.raises(CheckpointError, match="neither a checkpoint nor a run"):
        find_checkpoint(run_dir / "nothing")


def test_a_runs_checkpoints_come_in_the_order_of_their_steps(tmp_path):
    folder = tmp_path / "checkpoints"
    for name, step in (("step_00000900", 900), ("best", 700), ("last", 1000), ("step_00000400", 400)):
        trained.save(config(), folder / f"{name}.ckpt", global_step=step)
    (folder / ".last.ckpt.7.tmp").write_bytes(b"half")
    names = [path.stem for path in find_checkpoints(tmp_path, "all")]
    assert names == ["step_00000400", "best", "step_00000900", "last"]
    assert [path.stem for path in find_checkpoints(tmp_path, "best")] == ["best"]
    with pytest.raises(ConfigError, match="which=newest does not work: it must be all, last, best"):
        find_checkpoints(tmp_path, "newest")
    with pytest.raises(CheckpointError, match=r"nowhere has no last\.ckpt in checkpoints/"):
        find_checkpoints(tmp_path / "nowhere", "last")


def test_the_run_of_a_checkpoint_is_the_folder_above_its_folder(tmp_path):
    assert run_of(tmp_path / "run" / "checkpoints" / "last.ckpt") == tmp_path / "run"
    assert run_of(tmp_path / "downloaded.ckpt") is None


def test_the_model_comes_back_with_its_weights(run_dir):
    found = load_trained(find_checkpoint(run_dir), torch.device("cpu"))
    torch.manual_seed(0)
    again = build_model(found.config)
    for key, value in again.state_dict().items():
        assert torch.equal(found.model.state_dict()[key], value)
    assert not found.model.training


def test_the_digest_is_that_of_the_weights_alone(tmp_path):
    def digest(name, seed, step):
        path = trained.save(config(), tmp_path / name, seed, global_step=step)
        return load_trained(path, torch.device("cpu")).weights

    assert digest("a", 0, 1) == digest("b", 0, 2) != digest("c", 1, 1)


def test_the_memory_format_is_the_runs(tmp_path):
    """Another one may choose other convolutions, which differ in the last bits."""
    model = {**trained.TRANSLATION}
    for channels_last in (True, False):
        path = trained.save(config(model=model, trainer={"channels_last": channels_last}), tmp_path / "one.ckpt")
        loaded = load_trained(path, torch.device("cpu")).model
        kernel = next(weight for weight in loaded.sampler.parameters() if weight.ndim == 4 and weight.shape[1] > 1)
        assert kernel.is_contiguous(memory_format=torch.channels_last) == channels_last


def test_a_missing_device_is_refused():
    with pytest.raises(ConfigError, match="device=nonsense"):
        pick_device("nonsense")
