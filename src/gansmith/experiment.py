"""From a config to a trained model and its record."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, Trainer, seed_everything
from lightning.pytorch.utilities.exceptions import SIGTERMException
from omegaconf import DictConfig, OmegaConf, open_dict
from torch import nn

from gansmith.acceptance import check_run
from gansmith.atomic import replacing
from gansmith.config import check_needs, check_partners, check_target, difference, instantiate, run_of, to_plain
from gansmith.data.base import DataModule
from gansmith.errors import CheckpointError, ConfigError
from gansmith.models.generative import GenerativeModel
from gansmith.models.prompts import FromCaptions
from gansmith.models.translation import Translation
from gansmith.models.with_encoder import WithEncoder
from gansmith.ranks import is_first_process
from gansmith.results.panel import show
from gansmith.results.record import Record
from gansmith.training.checkpoints import Checkpoints, check_fits, first_few, load_checkpoint
from gansmith.training.evaluation import Evaluation
from gansmith.training.interrupt import Interrupt, Stopped
from gansmith.training.loggers import build_loggers
from gansmith.training.recorder import Recorder
from gansmith.training.trainer import build_trainer

log = logging.getLogger(__name__)

# Settings of the trainer that concern the networks rather than Lightning.
NETWORK_SWITCHES = ("compile", "channels_last")
# Keys of a model's config that its other values refer to, and that are no arguments of its class.
NO_ARGUMENTS = ("critic", "critic_norm", "encoder", "features", "gamma", "judge", "needs_label", "norm", "size", "text")
# What must not change between a checkpoint and the run that goes on with it.
IDENTITY = ("model", "data", "task", "seed")


def run(config: DictConfig, overrides: list[str]) -> int:
    """Trains, evaluates and records what `config` describes, in `config.run_dir`.

    Args:
        config: composed from conf/train.yaml.
        overrides: the command line's, saved so that `resume` can compose the same config again.

    Returns:
        0, or 128 + the signal's number if one ended the run before its record was written.

    Raises:
        GansmithError: something in the config, the data or a checkpoint does not work.
        KeyboardInterrupt: the run was ended at once.
    """
    quieten_lightning()
    run_dir = Path(config.run_dir)
    checkpoint = checkpoint_to_resume(config.resume, run_dir)
    if not 0 <= config.seed < 2**32:
        raise ConfigError(f"seed={config.seed}: it can be from 0 to {2**32 - 1}")
    seed_everything(config.seed, verbose=False)
    data = build_data(config)
    plain = to_plain(config)
    model = build_model(plain)
    if checkpoint is None and config.init_from is not None:
        start_from(model, plain["init_from"])
    if config.init_from is not None and isinstance(model, FromCaptions):
        model.keep_the_rest()
    if checkpoint is None and isinstance(model, WithEncoder):
        model.take_encoder()
    if checkpoint is not None:
        step = check_resumable(model, plain, checkpoint)
        if step >= config.trainer.max_steps and (run_dir / "result.json").exists():
            log.info("%s has all its %d steps; a larger trainer.max_steps goes on", run_dir, step)
            return 0
    callbacks = build_callbacks(config, plain)
    check_run(model, data, callbacks)
    switches = {key: plain["trainer"][key] for key in NETWORK_SWITCHES}
    trainer = build_trainer(
        **{key: value for key, value in plain["trainer"].items() if key not in switches},
        callbacks=callbacks,
        run_dir=str(run_dir),
        has_batchnorm=any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in model.modules()),
    )
    switch_networks(model, trainer.strategy.root_device, **switches)
    # Nothing is written before everything is accepted.
    trainer.loggers = build_loggers(plain["logger"], run_dir, plain)
    if is_first_process():
        save_config(run_dir, plain, overrides)
    with log_file(run_dir):
        if checkpoint is not None and is_first_process():
            log.info("going on from %s", checkpoint)
        fit(trainer, model, data, checkpoint)
        return finish(trainer, callbacks, run_dir)


def quieten_lightning() -> None:
    """Keeps what nobody can act on out of the terminal."""
    # Hydra's root logger and Lightning's own handler would print each of its lines twice.
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)
    # The one line that says why all processes end where one of them died.
    logging.getLogger("lightning.fabric.strategies.launchers.subprocess_script").setLevel(logging.INFO)
    warnings.filterwarnings("ignore", message=".*LeafSpec")


def checkpoint_to_resume(resume: str | None, run_dir: Path) -> Path | None:
    """The checkpoint to go on with, or None for a new run.

    Raises:
        CheckpointError: `resume` names a run without a checkpoint, or a new run would overwrite an old one.
    """
    source = run_dir if resume == "auto" else run_of(resume)
    is_other = source is None or source.resolve() != run_dir.resolve()
    if is_other and is_first_process() and any((run_dir / "checkpoints").glob("*.ckpt")):
        raise CheckpointError(f"{run_dir} holds a run; resume={run_dir} goes on, another run_dir starts anew")
    if source is None:
        return None
    last = Path(str(resume)) if str(resume).endswith(".ckpt") else source / "checkpoints" / "last.ckpt"
    if not last.exists():
        if resume == "auto":
            return None
        raise CheckpointError(f"resume={resume}: there is no checkpoint {last}")
    return last


def build_data(config: DictConfig) -> DataModule:
    """The data module; what only the data know (the number of classes) is written into `config`."""
    data = instantiate(config.data)
    model_class = check_target(config.model._target_)
    check_partners(config, getattr(model_class, "learns_from_pairs", False), data.paired)
    if config.get("task") is not None:
        data.set_task(instantiate(config.task))
    if config.data.classes is None:
        data.prepare_data()
        with open_dict(config):
            config.data.classes = data.classes
    classes = config.model.get("classes", 0)
    is_conditional = config.model.get("needs_label") or classes
    check_needs(config, (*model_class.needs, "label") if is_conditional else model_class.needs, data.gives)
    if classes not in (0, config.data.classes):
        raise ConfigError(f"model.classes={classes}: data={config.data.name} has {config.data.classes}")
    return data


def build_model(plain: dict[str, Any]) -> GenerativeModel:
    """The model that the resolved config describes, as a run and as a checkpoint hold it."""
    model = instantiate({key: value for key, value in plain["model"].items() if key not in NO_ARGUMENTS})
    if not isinstance(model, GenerativeModel):
        raise ConfigError(f"model._target_ is {plain['model']['_target_']}, which is no GenerativeModel")
    return model


def start_from(model: GenerativeModel, files: str | dict[str, str]) -> None:
    """Fills the generator from a file, or the generators of both directions from a file each.

    That of a model of captions comes from a checkpoint, or from the last one of a run.

    Raises:
        ConfigError: the model has no pictures to start from, or no such direction.
        WeightsError: a file can't be read, or holds another network.
        CheckpointError: there is no such run, or its generator has another form.
    """
    if isinstance(model, FromCaptions):
        from gansmith.inference.checkpoints import find_checkpoint

        # What is best was chosen by pictures that stages without training have had a hand in.
        model.start_from(find_checkpoint(str(files), order=("last", "best")))
        return
    if not isinstance(model, Translation):
        raise ConfigError(f"init_from fills networks from picture to picture; model={model.name} starts from latents")
    for direction, path in (files if isinstance(files, dict) else {"forward": files}).items():
        if direction not in model.directions:
            raise ConfigError(f"init_from.{direction}: model={model.name} has {', '.join(model.directions)}")
        model.start_from(path, direction)


def load_model(path: Path) -> tuple[GenerativeModel, dict[str, Any]]:
    """The model in the checkpoint at `path`, and the config it was trained with.

    Raises:
        CheckpointError: the file is broken, foreign, or does not fit its own config.
    """
    checkpoint = load_checkpoint(path)
    model = build_model(checkpoint["config"])
    check_fits(model, checkpoint["state_dict"], path)
    model.load_state_dict(checkpoint["state_dict"])
    model.eval()
    return model, checkpoint["config"]


def check_resumable(model: nn.Module, plain: dict[str, Any], path: Path) -> int:
    """The step of the checkpoint at `path`.

    Raises:
        CheckpointError: with the keys that differ, if it is of another model, data or seed.
    """
    checkpoint = load_checkpoint(path, mmap=True)
    differing = [line for key in IDENTITY for line in difference(checkpoint["config"].get(key), plain.get(key), key)]
    if differing:
        raise CheckpointError(f"{path} is of another run: {first_few(differing)}")
    check_fits(model, checkpoint["state_dict"], path)
    return int(checkpoint["global_step"])


def build_callbacks(config: DictConfig, plain: dict[str, Any]) -> list[Callback]:
    """The config's callbacks between those that every run has; checkpoints come last of all that act on a step."""
    built = {
        name: instantiate(node)
        for name, node in config.callbacks.items()
        if name not in ("checkpoints", "evaluation") and node is not None
    }
    # What keeps a step keeps its evaluation too.
    keeping = [built.pop("stage")] if "stage" in built else []
    evaluation = Evaluation(
        instantiate(config.metrics),
        run_dir=config.run_dir,
        cache_dir=config.cache_dir,
        every_n_steps=config.callbacks.evaluation.every_n_steps,
    )
    checkpoints = Checkpoints(config.run_dir, plain, **config.callbacks.checkpoints)
    return [Interrupt(), *built.values(), evaluation, *keeping, checkpoints, Recorder(plain)]


def switch_networks(model: GenerativeModel, device: torch.device, compile: bool, channels_last: bool | str) -> None:
    """Memory format (`auto` is on for CPUs) and compilation; neither changes the names of weights."""
    if channels_last is True or (channels_last == "auto" and device.type == "cpu"):
        model.to(memory_format=torch.channels_last)
    if compile:
        model.compile_networks()


def save_config(run_dir: Path, plain: dict[str, Any], overrides: list[str]) -> None:
    """`config.yaml`, resolved, and `overrides.yaml`, from which `resume` composes it again."""
    run_dir.mkdir(parents=True, exist_ok=True)
    for name, content in (("config.yaml", plain), ("overrides.yaml", overrides)):
        with replacing(run_dir / name) as path:
            path.write_text(OmegaConf.to_yaml(OmegaConf.create(content)), encoding="utf-8")


@contextmanager
def log_file(run_dir: Path) -> Iterator[None]:
    """Keeps what the first process says in `train.log`."""
    if not is_first_process():
        yield
        return
    handler = logging.FileHandler(run_dir / "train.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def fit(trainer: Trainer, model: GenerativeModel, data: DataModule, checkpoint: Path | None) -> None:
    """Trains until the end or an orderly stop.

    Raises:
        KeyboardInterrupt: the run was ended at once; Lightning makes an exit of it, without a word.
    """
    try:
        with suppress(SIGTERMException):  # of a signal that came before Interrupt was there to take it
            trainer.fit(model, datamodule=data, ckpt_path=checkpoint, **_weights_only())
    except SystemExit as ended:
        if isinstance(ended.__context__, Stopped):
            return
        if isinstance(ended.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise


def finish(trainer: Any, callbacks: list[Callback], run_dir: Path) -> int:
    """Prints what came out; the exit code. The first process speaks for all.

    Lightning kills it where another ends with a code of its own.
    """
    interrupt = next(callback for callback in callbacks if isinstance(callback, Interrupt))
    if not trainer.is_global_zero:
        return 0
    if interrupt.received is not None and not (run_dir / "result.json").exists():
        log.warning(
            "stopped by signal %d at step %d; resume=%s goes on", interrupt.received, trainer.global_step, run_dir
        )
        return 128 + interrupt.received
    show(Record.read(run_dir / "result.json"), run_dir)
    return 0


def _weights_only() -> dict[str, bool]:
    """`Trainer.fit` has the argument from Lightning 2.6 on; the checkpoint IO of this project insists anyway."""
    import inspect

    return {"weights_only": True} if "weights_only" in inspect.signature(Trainer.fit).parameters else {}
