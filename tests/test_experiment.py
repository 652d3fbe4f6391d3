"""Values that do not work end a run before its training, in one line that names the key."""

from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir

from gansmith.config import register_resolvers, to_plain
from gansmith.errors import ConfigError, GansmithError, WeightsError
from gansmith.experiment import build_model, run, start_from

CONF = Path(__file__).parents[1] / "conf"
QUICK = ["data=digits", "model.latent=4", "logger=none", "metrics=none", "trainer=cpu", "trainer.max_steps=1"]


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["model.optimizer.discriminator.lr=-1"], r"model\.optimizer\.discriminator: .*-1"),
        (["model.optimizer.generator.betas=[2,3]"], r"model\.optimizer\.generator: .*beta"),
        (["model.features=0"], r"model\.features is 0"),
        (["model.latent=0"], r"model\.latent is 0"),
        (["model.latent=abc"], r"model\.latent is abc"),
        (["model=cgan", "model.classes=5"], r"model\.classes=5: data=digits has 10"),
        (["model.classes=10", "data.classes=0"], r"model=dcgan needs label"),
        (["seed=-1"], r"seed=-1"),
        (["trainer.precision=foo"], r"trainer: .*foo"),
        (["trainer.devices=0"], r"trainer: .*devices=0"),
        (["trainer.max_steps=0"], r"trainer\.max_steps is 0"),
        (["callbacks.checkpoints.every_n_steps=0"], r"callbacks\.checkpoints\.every_n_steps is 0"),
        (["model.clip_norm.generator=-1"], r"model\.clip_norm\.generator is -1"),
        (["model.schedule.generator.end=0.5"], r"model\.schedule: end=0\.5"),
        (["model.accumulate=3"], r"model\.accumulate is 3.*data\.batch_size=64"),
        (["data=image_folder"], r"data\.root"),
        (["data.batch_size=0"], r"data\.batch_size=0"),
        (["data.resolution=20"], r"data\.resolution is 20"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_a_value_that_does_not_work_is_named(overrides, line, tmp_path):
    refused([*QUICK, *overrides], line, tmp_path / "run")


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["model=dcgan", "metrics=paired"], r"metrics=paired .* model=dcgan .* take metrics=fast$"),
        (["model=pix2pix", "metrics=fast"], r"metrics=fast .* model=pix2pix .* take metrics=paired$"),
        (["model=dcgan", "data=photos"], r"^data\.resolution is 96; these networks take a power of two"),
        (["model=dcgan", "data=photos", "data.resolution=64"], r"^data=photos .*data=image_folder .*metrics=none"),
        (["model=cgan", "data=photos"], r"^model=cgan needs label, and data=photos gives image; .*data=mnist5k"),
        (["model=pix2pix", "data=unpaired_digits"], r"^model=pix2pix .*data=unpaired_digits .*model=cyclegan and"),
        (["model=pix2pix", "data=unpaired_digits", "task=given"], r"^model=pix2pix .*data=unpaired_digits"),
        (["model=cyclegan", "task=sketch"], r"^the task needs image, and data=unpaired_digits .*; task=given takes"),
        (["model=pix2pix", "task=super_resolution"], r"^task\.scale: .* of 24x24, and 96x96 .*model=srgan"),
        (["model=pix2pix", "data.resolution=48"], r"^data\.resolution: .* multiples of 32, and gets 48x48"),
        (["model=srgan", "data.resolution=50"], r"^data\.resolution is 50; .*, as 64, 96 or 128"),
        (["model=srgan", "data.resolution=64", "task.scale=3"], r"^data\.resolution=64 .* multiple of task\.scale=3"),
        (["model=srgan", "data.resolution=448"], r"^china is 640x427, .*data\.resolution=427 fits"),
        (
            ["model=cyclegan", "data.source_channels=1"],
            r"^model\.lambda_identity=0\.5 .* take model\.lambda_identity=0",
        ),
        (["model=cut", "data.source_channels=1"], r"CUT .* 1 and 3 channels; .*task\.source_channels"),
        (["model=dcgan", "data=digits", "data.batch_size=9000"], r"^data\.batch_size=9000 must be from 1 to 1\d{3},"),
        (["model=dcgan", "callbacks=pairs"], r"^callbacks=pairs .* model=dcgan .* take callbacks=default"),
        (["model=srgan", "callbacks=default"], r"^callbacks=default .* model=srgan .* take callbacks=pairs"),
        (
            ["model=pix2pix", "data=photo_folder", "data.root=MISSING"],
            r"^data\.root=.*gone: there is no folder .*gone$",
        ),
        (["model=dcgan", "data=digits", "metrics.split=test", "data.test_fraction=0"], r"no pictures for its test"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_parts_that_do_not_fit_say_what_does(overrides, line, tmp_path):
    overrides = [override.replace("MISSING", str(tmp_path / "gone")) for override in overrides]
    refused(["logger=csv", "trainer=cpu", "trainer.max_steps=1", *overrides], line, tmp_path / "run")


def refused(overrides, line, run_dir):
    """The run ends before its first step with one line, and nothing is left of it."""
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", overrides=[*overrides, f"run_dir={run_dir}"])
    with pytest.raises(GansmithError, match=line) as caught:
        run(config, overrides)
    assert "\n" not in str(caught.value)
    assert not run_dir.exists()


# Starting from files of weights


def built(*overrides):
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return build_model(to_plain(compose("train", overrides=["model.features=2", "run_dir=run", *overrides])))


def saved(network, path):
    torch.save(network.state_dict(), path)
    return str(path)


def test_one_file_is_of_the_forward_direction_and_several_are_named(tmp_path):
    torch.manual_seed(0)
    earlier, later = built("model=cyclegan"), built("model=cyclegan")
    files = {name: saved(earlier.generator[name], tmp_path / f"{name}.pth") for name in ("to_target", "to_source")}
    before = {key: weights.clone() for key, weights in later.generator["to_source"].state_dict().items()}
    start_from(later, files["to_target"])
    assert_same(later.generator["to_target"].state_dict(), earlier.generator["to_target"].state_dict())
    assert_same(later.generator["to_source"].state_dict(), before)
    start_from(later, {"reverse": files["to_source"]})
    assert_same(later.generator.state_dict(), earlier.generator.state_dict())


def assert_same(weights, expected):
    assert weights.keys() == expected.keys()
    for key, value in expected.items():
        assert torch.equal(weights[key], value), key


def test_what_can_not_be_started_from_is_said(tmp_path):
    file = saved(built("model=cut").generator["translator"], tmp_path / "net_G.pth")
    with pytest.raises(ConfigError, match=r"^init_from fills networks .* model=dcgan starts from latents$"):
        start_from(built("model=dcgan"), file)
    with pytest.raises(ConfigError, match=r"^init_from\.reverse: model=cut has forward$"):
        start_from(built("model=cut"), {"forward": file, "reverse": file})
    with pytest.raises(ConfigError, match=r"^init_from\.backward: model=cyclegan has forward, reverse$"):
        start_from(built("model=cyclegan"), {"backward": file})
    with pytest.raises(WeightsError, match=r"^can't read .*nowhere\.pth"):
        start_from(built("model=cut"), str(tmp_path / "nowhere.pth"))
    with pytest.raises(WeightsError, match=r"net_G\.pth does not fit this UNetGenerator"):
        start_from(built("model=pix2pix"), file)


# Encoders of other runs


@pytest.fixture
def encoder_run(tmp_path):
    """A run's folder with an untrained dual encoder of pictures of 16 px."""
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = to_plain(compose("train", overrides=["model=dual_encoder", "data.resolution=16", "run_dir=run"]))
    (tmp_path / "encoder" / "checkpoints").mkdir(parents=True)
    state = {"config": config, "state_dict": build_model(config).state_dict()}
    torch.save(state, tmp_path / "encoder" / "checkpoints" / "last.ckpt")
    return tmp_path / "encoder"


@pytest.mark.parametrize("model", ["dalle2", "dalle2_gan"])
def test_the_encoder_that_conditions_does_not_judge_and_fits_or_nothing_is_left(model, encoder_run, tmp_path):
    taken = [f"model={model}", f"model.encoder_from={encoder_run}", "trainer=cpu", "trainer.max_steps=1"]
    judged = ["metrics=captions", "metrics.metrics=[fd,retrieval]", f"metrics.judge={encoder_run}"]
    line = r"^metrics\.judge is the dual encoder of the model itself: train another"
    refused([*taken, *judged, "data.resolution=16"], line, tmp_path / "run")
    refused(
        [*taken, "data.resolution=32"], r"^model\.encoder_from=.* holds an encoder of another form", tmp_path / "run"
    )
