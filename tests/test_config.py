"""Every file of conf/ composes and becomes objects, and nothing else does."""

import importlib
import inspect
import os
import pkgutil
from itertools import product
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

import gansmith.cli  # it makes composing twice as fast
from gansmith.config import (
    check_target,
    difference,
    identifying,
    instantiate,
    merged,
    register_resolvers,
    saved_overrides,
    to_plain,
)
from gansmith.errors import ConfigError
from gansmith.experiment import build_data, build_model
from gansmith.models.adversarial import AdversarialModel
from gansmith.run_lock import running

CONF = Path(__file__).parents[1] / "conf"
# Options that stand for nothing of their own.
BASES = {"base", "base_gan", "base_diffusion", "base_caption_gan"}
# Models of captions, whose losses are their own.
CAPTIONED = ["dalle2", "dalle2_gan", "dual_encoder", "imagen", "imagen_gan", "text_gan"]


def options(group):
    return sorted(path.stem for path in (CONF / group).glob("*.yaml") if path.stem not in BASES)


@pytest.fixture(scope="module", autouse=True)
def hydra():
    register_resolvers()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def composed(*overrides):
    return compose("train", overrides=["run_dir=logs/run", *overrides])


# What conf/ holds.


@pytest.mark.parametrize("data", options("data"))
def test_every_model_composes_with_every_data(data):
    for model in options("model"):
        config = composed(f"model={model}", f"data={data}")
        for key in OmegaConf.missing_keys(config):
            OmegaConf.update(config, key, "pictures")
        plain = to_plain(config)
        assert plain["model"]["name"] == model
        assert plain["data"]["name"] == data


@pytest.mark.parametrize("group", ["task", "trainer", "metrics", "logger", "callbacks"])
def test_every_option_of_a_group_composes(group):
    assert options(group)
    for option in options(group):
        assert to_plain(composed(f"{group}={option}"))[group] is not None


@pytest.mark.parametrize("group", ["experiment", "debug"])
def test_every_recipe_composes(group):
    for option in options(group):
        config = composed(f"{group}={option}")
        for key in OmegaConf.missing_keys(config):
            OmegaConf.update(config, key, "pictures")
        assert to_plain(config)["model"]


@pytest.mark.parametrize("name", ["evaluate", "sample"])
def test_every_other_command_composes(name):
    for metrics in options("metrics") if name == "evaluate" else [None]:
        overrides = ["ckpt=run"] + ([f"metrics={metrics}"] if metrics else [])
        assert to_plain(compose(name, overrides=overrides))["ckpt"] == "run"


@pytest.mark.parametrize("metrics", options("metrics"))
def test_every_protocol_is_one(metrics):
    assert instantiate(composed(f"metrics={metrics}").metrics).name == metrics


LOSSES, PENALTIES = options("model/loss"), options("model/penalty")


def check_model(model, loss, penalty):
    config = composed(f"model={model}", f"model/loss={loss}", f"model/penalty={penalty}", "++model.features=2")
    built = build_model(to_plain(config))
    assert isinstance(built, AdversarialModel)
    assert built.name == model
    assert set(built.penalty) == set(config.model.penalty)
    assert (penalty == "none") == (not built.penalty)


@pytest.mark.parametrize("model", [model for model in options("model") if model not in CAPTIONED])
def test_every_model_takes_every_loss_and_every_penalty(model):
    for place in range(max(len(LOSSES), len(PENALTIES))):
        check_model(model, LOSSES[place % len(LOSSES)], PENALTIES[place % len(PENALTIES)])


@pytest.mark.parametrize("model", CAPTIONED)
@pytest.mark.parametrize("text", [("bag_of_words",), ("dual_words", "model.text.frozen.ckpt=elsewhere")])
def test_every_model_of_captions_is_built_with_an_encoder(model, text):
    built = build_model(to_plain(composed(f"model={model}", f"model/text={text[0]}", *text[1:])))
    assert built.name == model
    reading = built.generator.text
    assert (reading.text if model == "dual_encoder" else reading).size == 256


@pytest.mark.parametrize("model", CAPTIONED)
def test_models_of_captions_follow_the_resolution_of_the_data(model):
    built = build_model(to_plain(composed(f"model={model}", "data.resolution=64")))
    assert getattr(built, "resolutions", [64])[-1] == 64


@pytest.mark.slow
@pytest.mark.parametrize("model", ["dcgan", "pix2pix", "cyclegan", "srgan"])
def test_models_of_each_kind_take_every_loss_with_every_penalty(model):
    for loss, penalty in product(LOSSES, PENALTIES):
        check_model(model, loss, penalty)


@pytest.mark.parametrize("data", ["digits", "mnist5k"])
def test_every_model_of_latents_finds_what_it_needs_in_labelled_data(data):
    for model in options("model"):
        if composed(f"model={model}").get("task") is None and model not in CAPTIONED:
            assert "label" in build_data(composed(f"model={model}", f"data={data}")).gives


@pytest.mark.parametrize("model", options("model"))
def test_every_model_finds_what_it_needs_in_its_own_data(model):
    config = composed(f"model={model}")
    needs = check_target(config.model._target_).needs
    assert set(needs) <= set(build_data(config).gives)


@pytest.mark.parametrize("task", [task for task in options("task") if task not in ("given", "colorize")])
@pytest.mark.parametrize("data", ["mnist5k", "photos"])
def test_every_task_makes_pairs_of_any_pictures(task, data):
    assert {"source", "target"} <= set(build_data(composed("model=pix2pix", f"task={task}", f"data={data}")).gives)


def test_pairs_that_are_there_need_no_deriving():
    with pytest.raises(ConfigError, match=r"data=unpaired_digits gives source, target; task=given takes them"):
        build_data(composed("model=cyclegan", "data=unpaired_digits", "task=sketch"))


def test_a_model_that_needs_captions_says_which_data_have_them():
    with pytest.raises(ConfigError, match=r"model=imagen needs caption, .*; data with captions: data=scenes"):
        build_data(composed("model=imagen", "data=digits"))


def test_a_model_that_needs_labels_says_which_data_have_them():
    with pytest.raises(ConfigError, match=r"model=cgan needs label, and data=mnist5k gives image; data with labels"):
        build_data(composed("model=cgan", "data=mnist5k", "data.classes=0"))


# What may be named.


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.eval",
        "subprocess.run",
        "lightning.Trainer",
        "hydra.utils.instantiate",
        "numpy.load",
        "gansmith",
        "torch",
        "",
        "5",
        # Through what a module imports.
        "gansmith.training.interrupt.subprocess.run",
        "gansmith.training.interrupt.os.system",
        "gansmith.training.trainer.Trainer",
        "gansmith.data.files.Path",
        "gansmith.training.ema.torch.load",
        "gansmith.models.gan.GAN.load_from_checkpoint",
        # What runs configs and writes files.
        "gansmith.config.instantiate",
        "gansmith.config._locate",
        "gansmith.experiment.save_config",
        "gansmith.inference.sample_checkpoint",
        "gansmith.training.checkpoints.replacing",
        "gansmith.models.gan.GAN.__init__",
        "gansmith.training.trainer._strategy",
        "gansmith.training.loggers.wandb_logger",
        # Of torch no more than building blocks.
        "torch.load",
        "torch.save",
        "torch.hub.load",
        "torch.utils.cpp_extension.load_inline",
        "torch.utils.data.DataLoader",
        "torch.nn.functional.relu",
        "torch.nn.init.normal_",
        "torch.nn.modules.module.torch.load",
        "torchvision.io.read_image",
        "torchvision.models.resnet18",
    ],
)
def test_what_could_run_code_is_no_target(target):
    with pytest.raises(ConfigError, match="is not allowed"):
        check_target(target)


@pytest.mark.parametrize(
    "target",
    [
        "torch.optim.Adam",
        "torch.optim.adamw.AdamW",
        "torch.nn.Linear",
        "torch.nn.modules.conv.Conv2d",
        "torchvision.datasets.MNIST",
        "gansmith.models.gan.GAN",
        "gansmith.networks.dcgan.Generator",
        "gansmith.training.schedules.Schedule",
    ],
)
def test_parts_of_a_gan_are_targets(target):
    assert callable(check_target(target))


def functions_of_the_package() -> list[str]:
    modules = [module.name for module in pkgutil.walk_packages(gansmith.__path__, "gansmith.")]
    return [
        f"{name}.{key}"
        for name in modules
        for key, value in vars(importlib.import_module(name)).items()
        if inspect.isfunction(value)
    ]


def test_a_function_is_no_target_whatever_it_does():
    names = functions_of_the_package()
    assert "gansmith.results.provenance.git" in names
    for name in names:
        with pytest.raises(ConfigError, match="not allowed"):
            check_target(name)


@pytest.mark.parametrize("target", ["torch.nn.NoSuchLayer", "gansmith.networks.nothing.Generator", "gansmith..models"])
def test_a_name_that_leads_nowhere_is_said(target):
    with pytest.raises(ConfigError, match=f"there is no {target}"):
        check_target(target)


@pytest.mark.parametrize(
    "hidden",
    [
        {"in_features": {"_target_": "os.mkdir", "path": "PATH"}},
        {"in_features": [{"a": [{"_target_": "os.mkdir", "path": "PATH"}]}]},
        # Hydra would resolve these after the names were looked at.
        {"in_features": "${oc.create:'{_target_: os.mkdir, path: PATH}'}"},
        {"in_features": "${oc.decode:'{_target_: shutil.rmtree, path: PATH}'}"},
        {"_target_": "${oc.env:HOME}"},
    ],
)
def test_names_are_found_wherever_they_hide(hidden, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    node = {"_target_": "torch.nn.Linear", "out_features": 1, **hidden}
    with pytest.raises(ConfigError, match=r"not allowed|no interpolations"):
        instantiate(node)
    assert not list(tmp_path.iterdir())


# What becomes of it.


def test_children_come_first_and_partials_stay_open():
    node = {
        "_target_": "torch.nn.Sequential",
        "_args_": [{"_target_": "torch.nn.Linear", "in_features": 2, "out_features": 3}],
    }
    network = instantiate(node)
    assert isinstance(network[0], torch.nn.Linear)
    optimizer = instantiate({"_target_": "torch.optim.Adam", "_partial_": True, "lr": 0.5})(network.parameters())
    assert optimizer.param_groups[0]["lr"] == 0.5


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"_target_": "torch.nn.Linear", "in_features": 2, "out_features": 3, "depth": 4}, "depth"),
        ({"_target_": "torch.nn.Linear", "in_features": 2}, "out_features"),
        ({"_target_": "gansmith.training.ema.EMA", "half_life": -1}, "model.ema.half_life is -1"),
        ({"_target_": "gansmith.training.ema.EMA", "half_life": "long"}, "EMA"),
        (OmegaConf.create({"_target_": "torch.nn.ReLU", "inplace": "???"}), "inplace"),
        (OmegaConf.create({"_target_": "torch.nn.ReLU", "inplace": "${nowhere}"}), "nowhere"),
        (5, "int"),
    ],
)
def test_what_does_not_fit_is_one_line(node, message):
    with pytest.raises(ConfigError, match=message) as caught:
        instantiate(node)
    assert "\n" not in str(caught.value)


# Which run it is.


def test_differences_are_named_by_their_keys():
    before = {"model": {"name": "a", "ema": None}, "seed": 0, "list": [1, 2]}
    after = {"model": {"name": "b", "ema": {"half_life": 1}}, "seed": 0, "list": [1, 3], "new": 1}
    assert difference(before, after) == [
        "model.name: a in the checkpoint, b now",
        "model.ema: None in the checkpoint, {'half_life': 1} now",
        "list: [1, 2] in the checkpoint, [1, 3] now",
        "new: None in the checkpoint, 1 now",
    ]
    assert difference(before, before) == []


def test_later_overrides_take_the_place_of_earlier_ones():
    earlier = ["model=dcgan", "trainer.max_steps=10", "+task=blur"]
    assert merged(earlier, ["trainer.max_steps=20"]) == ["model=dcgan", "trainer.max_steps=20", "+task=blur"]
    # Going back to the first value is a change as well.
    assert merged(merged(earlier, ["trainer.max_steps=20"]), ["trainer.max_steps=10"]) == earlier
    assert merged(earlier, []) == earlier


def test_where_a_run_lies_does_not_say_which_it_is():
    assert identifying(["b=1", "resume=auto", "a=2", "+run_dir=x"]) == ["a=2", "b=1"]


def begun(folder, overrides, finished=False):
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "last.ckpt").touch()
    (folder / "overrides.yaml").write_text(OmegaConf.to_yaml(OmegaConf.create(overrides)))
    if finished:
        (folder / "result.json").touch()
    return str(folder)


def run_dir(resume, fresh, overrides=()):
    config = OmegaConf.create({"overrides": list(overrides), "resume": resume, "fresh": str(fresh)})
    config.run_dir = "${run_dir:${resume},${fresh},${overrides}}"
    return config.run_dir


def test_resume_auto_takes_the_newest_unfinished_run_of_the_same_overrides(tmp_path):
    wanted = ["model=dcgan", "seed=1"]
    folders = [
        begun(tmp_path / "oldest", wanted),
        begun(tmp_path / "older", ["seed=1", "resume=auto", "model=dcgan"]),
        begun(tmp_path / "other", ["model=dcgan", "seed=2"]),
        begun(tmp_path / "finished", wanted, finished=True),
    ]
    (tmp_path / "without_checkpoint").mkdir()
    for age, folder in enumerate(folders):
        os.utime(Path(folder) / "checkpoints" / "last.ckpt", (1000 + age, 1000 + age))
    assert run_dir("auto", tmp_path / "new", [*wanted, "resume=auto"]) == folders[1]
    assert run_dir("auto", tmp_path / "new", ["model=lsgan"]) == str(tmp_path / "new")
    assert run_dir(None, tmp_path / "new", wanted) == str(tmp_path / "new")
    with running(Path(folders[1])):
        assert run_dir("auto", tmp_path / "new", wanted) == folders[0]


@pytest.mark.parametrize("resume", ["logs/a", "logs/a/", "logs/a/checkpoints/best.ckpt", "logs/a/mine.ckpt"])
def test_resume_names_a_run_or_a_checkpoint_in_it(resume):
    assert run_dir(resume, "logs/new") == "logs/a"


def test_a_sweep_names_its_folders_within_what_a_name_can_be():
    name = OmegaConf.create({"name": "${job_dir:3,${given}}", "given": "model/loss=hinge_" + 60 * "seed=1_"}).name
    assert name.startswith("3_model.loss=hinge_seed=1_")
    assert len(name) <= 200
    assert "/" not in name


def test_overrides_of_a_folder_that_is_no_run(tmp_path):
    assert saved_overrides(tmp_path) == []


def test_a_size_is_one_word_and_another_is_an_error():
    register_resolvers()
    sizes = OmegaConf.create({"size": "paper", "features": "${by_size:${size},32,64}"})
    assert sizes.features == 64
    assert OmegaConf.merge(sizes, {"size": "small"}).features == 32
    with pytest.raises(Exception, match=r"model.size=large; it can be small, paper"):
        _ = OmegaConf.merge(sizes, {"size": "large"}).features
