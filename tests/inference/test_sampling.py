"""Checkpoints at work after training."""

import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image

from gansmith.errors import CheckpointError, ConfigError
from gansmith.experiment import build_model, load_model
from gansmith.inference import evaluate_checkpoint, find_checkpoint, pick_device, sample_checkpoint

MODEL = {
    "_target_": "gansmith.models.gan.GAN",
    "name": "cgan",
    "generator": {
        "_target_": "gansmith.networks.mlp.Generator",
        "resolution": 8,
        "channels": 1,
        "latent": 4,
        "hidden": [8],
        "classes": 10,
    },
    "discriminator": {
        "_target_": "gansmith.networks.mlp.Discriminator",
        "resolution": 8,
        "channels": 1,
        "hidden": [8],
        "classes": 10,
    },
    "loss": {"_target_": "gansmith.objectives.adversarial.CrossEntropy"},
    "latent": 4,
    "classes": 10,
    "optimizer": {},
    "schedule": {},
}
DATA = {
    "_target_": "gansmith.data.module.ImageData",
    "name": "digits",
    "source": {"_target_": "gansmith.data.packaged.Digits"},
    "resolution": 8,
    "channels": 1,
}


@pytest.fixture
def run_dir(tmp_path):
    """A run's folder with an untrained conditional model as its last checkpoint."""
    config = {"model": MODEL, "data": DATA, "seed": 0}
    torch.manual_seed(0)
    model = build_model(config)
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    checkpoint = {"config": config, "state_dict": model.state_dict()}
    torch.save(checkpoint, tmp_path / "run" / "checkpoints" / "last.ckpt")
    return tmp_path / "run"


def sample_config(run_dir, out, **changes):
    settings = {"ckpt": str(run_dir), "n": 5, "out": str(out), "seed": 0, "label": None, "columns": 3}
    return OmegaConf.create({**settings, "batch_size": 2, "device": "cpu", **changes})


def test_a_runs_folder_means_its_best_checkpoint(run_dir):
    assert find_checkpoint(run_dir).name == "last.ckpt"
    best = run_dir / "checkpoints" / "best.ckpt"
    best.write_bytes((run_dir / "checkpoints" / "last.ckpt").read_bytes())
    assert find_checkpoint(run_dir) == best
    assert find_checkpoint(best) == best
    with pytest.raises(CheckpointError, match="neither a checkpoint nor a run"):
        find_checkpoint(run_dir / "nothing")


def test_the_model_comes_back_with_its_weights(run_dir):
    model, config = load_model(find_checkpoint(run_dir))
    torch.manual_seed(0)
    again = build_model(config)
    for key, value in again.state_dict().items():
        assert torch.equal(model.state_dict()[key], value)
    assert not model.training


def test_samples_are_a_function_of_the_seed_and_not_of_the_batches(run_dir, tmp_path):
    paths = sample_checkpoint(sample_config(run_dir, tmp_path / "a"))
    sample_checkpoint(sample_config(run_dir, tmp_path / "b", batch_size=4))
    sample_checkpoint(sample_config(run_dir, tmp_path / "c", seed=1))
    assert [path.name for path in paths] == [f"{index:06d}.png" for index in range(5)]
    for path in paths:
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    assert paths[0].read_bytes() != (tmp_path / "c" / "000000.png").read_bytes()
    assert Image.open(paths[0]).size == (8, 8)
    assert (tmp_path / "a" / "grid.png").exists()


def test_a_label_asks_for_one_class(run_dir, tmp_path):
    turn = sample_checkpoint(sample_config(run_dir, tmp_path / "turn"))
    three = sample_checkpoint(sample_config(run_dir, tmp_path / "three", label=3))
    same = [a.read_bytes() == b.read_bytes() for a, b in zip(turn, three)]
    assert same == [False, False, False, True, False]
    with pytest.raises(ConfigError, match="label=10: model=cgan has classes 0 to 9"):
        sample_checkpoint(sample_config(run_dir, tmp_path / "ten", label=10))


def test_counts_below_one_and_missing_devices_are_refused(run_dir, tmp_path):
    with pytest.raises(ConfigError, match="n=0"):
        sample_checkpoint(sample_config(run_dir, tmp_path, n=0))
    with pytest.raises(ConfigError, match="device=nonsense"):
        pick_device("nonsense")


def test_evaluation_measures_the_checkpoint_against_its_own_data(run_dir, tmp_path, capsys):
    metrics = {
        "_target_": "gansmith.metrics.protocol.Protocol",
        "name": "tiny",
        "metrics": ["fd", "kd"],
        "samples": 32,
        "reference_samples": 32,
        "kd_subset_size": 16,
    }
    common = {"ckpt": str(run_dir), "device": "cpu", "data": None, "cache_dir": str(tmp_path / "features")}
    first = evaluate_checkpoint(OmegaConf.create({**common, "metrics": metrics}))
    again = evaluate_checkpoint(OmegaConf.create({**common, "metrics": metrics}))
    assert first == again
    assert first["fd_efficientnet_lite0"] > 0
    assert f"fd_efficientnet_lite0  {first['fd_efficientnet_lite0']:.6g}" in capsys.readouterr().out


# Checkpoints that translate

TRANSLATION = {
    "_target_": "gansmith.models.pix2pix.Pix2Pix",
    "name": "pix2pix",
    "generator": {
        "_target_": "gansmith.networks.unet.UNetGenerator",
        "in_channels": 1,
        "out_channels": 1,
        "depth": 2,
        "features": 4,
    },
    "discriminator": {"_target_": "gansmith.networks.patchgan.PixelDiscriminator", "in_channels": 2, "features": 4},
    "loss": {"_target_": "gansmith.objectives.adversarial.CrossEntropy"},
    "optimizer": {},
    "schedule": {},
}
DENOISE = {"_target_": "gansmith.data.tasks.denoise.Denoise", "source_channels": 1, "target_channels": 1}
PAIRED = {
    "_target_": "gansmith.metrics.paired.PairedProtocol",
    "name": "paired",
    "metrics": ["psnr", "l1"],
    "samples": 8,
}


@pytest.fixture
def translation(tmp_path):
    """The checkpoint of an untrained model that translates."""
    config = {"model": TRANSLATION, "data": DATA, "task": DENOISE, "metrics": PAIRED, "seed": 0}
    torch.manual_seed(0)
    path = tmp_path / "translation.ckpt"
    torch.save({"config": config, "state_dict": build_model(config).state_dict()}, path)
    return path


def evaluation(path, **changes):
    settings = {"ckpt": str(path), "device": "cpu", "data": None, "metrics": None, "cache_dir": "nowhere"}
    return evaluate_checkpoint(OmegaConf.create({**settings, **changes}))


def test_a_translating_checkpoint_is_measured_by_its_own_protocol_and_task(translation):
    result = evaluation(translation)
    assert result.keys() == {"psnr", "l1", "input_psnr", "input_l1"}
    assert result == evaluation(translation)
    assert evaluation(translation, metrics={**PAIRED, "metrics": ["ssim"]}).keys() == {"ssim", "input_ssim"}


def test_pictures_of_another_size_can_be_translated_and_others_not(translation):
    larger = {**DATA, "source": {"_target_": "gansmith.data.packaged.Digits"}, "resolution": 16}
    assert evaluation(translation, data=larger)["psnr"] != evaluation(translation)["psnr"]
    with pytest.raises(ConfigError, match=r"data\.channels=3, and the checkpoint was trained at 1"):
        evaluation(translation, data={**DATA, "channels": 3})


def test_what_a_checkpoint_can_not_do_is_one_line(run_dir, translation, tmp_path):
    with pytest.raises(ConfigError, match=r"metrics=none measures nothing; take metrics=fast"):
        evaluation(run_dir)
    with pytest.raises(ConfigError, match=r"model=cgan samples from latents: take metrics=fast"):
        evaluation(run_dir, metrics=PAIRED)
    generative = {"_target_": "gansmith.metrics.protocol.Protocol", "name": "fast"}
    with pytest.raises(ConfigError, match=r"model=pix2pix translates pictures: take metrics=paired"):
        evaluation(translation, metrics=generative)
    with pytest.raises(ConfigError, match=r"model=pix2pix translates pictures: python src/translate\.py"):
        sample_checkpoint(sample_config(translation, tmp_path))
