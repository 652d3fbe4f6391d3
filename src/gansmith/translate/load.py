"""The network to work with: of a checkpoint, or of a file that others have published."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig

from gansmith.config import instantiate, to_plain
from gansmith.data.tasks.task import Task
from gansmith.errors import ConfigError
from gansmith.experiment import build_model, load_model
from gansmith.inference import find_checkpoint
from gansmith.models.translation import Translation
from gansmith.translate.blend import blend
from gansmith.translate.translator import Translator


def load_translator(config: DictConfig) -> Translator:
    """What `config` (conf/translate.yaml) describes: `ckpt`, perhaps mixed with `blend`, or `model` and `init_from`.

    Raises:
        ConfigError: neither or both of them, or a model that translates nothing.
        CheckpointError, WeightsError: a file can't be read or does not fit.
    """
    if (config.ckpt is None) == (config.init_from is None):
        raise ConfigError("what translates is ckpt=RUN_DIR|CKPT, or model=NAME init_from=FILE for published weights")
    direction = config.direction
    model, trained_with = _of_checkpoint(config) if config.ckpt is not None else _of_file(config)
    if config.blend is not None:
        other, _ = load_model(find_checkpoint(config.blend))
        blend(model.translator(direction), _translating(other, "blend", direction).translator(direction), config.alpha)
    return Translator(model, _task(trained_with, direction), direction, config.seed, config.ensemble)


def _of_checkpoint(config: DictConfig) -> tuple[Translation, dict[str, Any]]:
    for key in ("model", "task"):
        if config.get(key) is not None:
            raise ConfigError(f"{key}=… goes with init_from; a checkpoint brings its own")
    model, trained_with = load_model(find_checkpoint(config.ckpt))
    return _translating(model, "ckpt", config.direction), trained_with


def _of_file(config: DictConfig) -> tuple[Translation, dict[str, Any]]:
    if config.get("model") is None:
        raise ConfigError("init_from=FILE needs to know whose weights they are: model=NAME")
    described = {key: to_plain(config.get(key)) for key in ("model", "task", "data")}
    model = _translating(build_model(described), "model", config.direction)
    model.start_from(config.init_from, config.direction)
    return model.eval(), described


def _translating(model: Any, key: str, direction: str) -> Translation:
    if not isinstance(model, Translation):
        raise ConfigError(f"{key}: model={model.name} makes pictures of nothing; it translates none")
    if direction not in model.directions:
        raise ConfigError(f"direction={direction}: model={model.name} has {', '.join(model.directions)}")
    return model


def _task(trained_with: dict[str, Any], direction: str) -> Task:
    """What the model was trained for; backwards, and without a task, plain pictures."""
    forward = instantiate(trained_with["task"]) if trained_with.get("task") else None
    if forward is None:
        data = trained_with["data"]
        forward = Plain(*(data.get(f"{end}_channels") or data["channels"] for end in ("source", "target")))
    return forward if direction == "forward" else Plain(forward.target_channels, forward.source_channels)


class Plain(Task):
    """Pictures to pictures of another kind, as they are."""

    needs = ()
