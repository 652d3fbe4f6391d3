"""What models that draw what captions say are asked for, key by key."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from gansmith.errors import ConfigError
from gansmith.inference.own_pictures import check_mask_fits, mask_of, start_picture
from gansmith.models.generative import GenerativeModel
from gansmith.models.prompts import FromCaptions

PROMPTS = ("prompt", "prompts")
KEYS = (*PROMPTS, "negative", "guidance", "steps", "picture", "strength", "mask")
OF_PROJECT = ("steps", "picture")
"""Keys that models of latents know too, in another mode."""
OF_PICTURE = ("strength", "mask")
STRENGTH = 0.6
"""Without a mask, where nobody says it: enough to change what things are, while they stay about where they were."""


def asked_of(config: DictConfig) -> dict[str, Any]:
    """Those of KEYS that have a value in `config`, composed from conf/sample.yaml; with a picture, its strength too.

    Raises:
        ConfigError: a key that needs another one, or excludes it; a number out of its range.
    """
    asked = {key: config[key] for key in KEYS if config.get(key) is not None}
    if set(PROMPTS) <= asked.keys():
        raise ConfigError(f"prompts={asked['prompts']}: it stands in place of prompt=…, not beside it")
    for key in OF_PICTURE:
        if key in asked and "picture" not in asked:
            raise ConfigError(f"{key}={asked[key]}: it needs a picture to begin from, picture=FILE")
    _check_guidance(asked.get("guidance", 1))
    steps, strength = asked.get("steps", 1), asked.get("strength", 1)
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise ConfigError(f"steps={steps}: it counts from 1")
    if not _is_number(strength) or not 0 <= strength <= 1:
        raise ConfigError(f"strength={strength}: it is from 0 (the picture stays) to 1")
    if "picture" in asked and "strength" not in asked:
        asked["strength"] = 1.0 if "mask" in asked else STRENGTH
    return asked


def prompt_conditions(model: GenerativeModel, asked: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments of `sample_images` that ask for a caption, and how it is drawn.

    Args:
        model: that samples.
        asked: as from `asked_of`. A list of `guidance` stays one, and `prompts` are left out: see `prompt_grid`.
        data: the config of the data that the model was trained with.

    Raises:
        ConfigError: the model reads no captions, has no such condition, or is asked for one without a caption.
        DataError: a picture that can't be read.
    """
    check_asked(model, asked)
    conditions = {key: value for key, value in asked.items() if key != "prompts"}
    # Hydra reads a caption of digits as a number.
    conditions |= {key: str(conditions[key]) for key in ("prompt", "negative") if key in conditions}
    for key, read in (("picture", start_picture), ("mask", mask_of)):
        if key in asked:
            conditions[key] = read(Path(str(asked[key])).expanduser(), data)
    if "mask" in asked:
        check_mask_fits(*(Path(str(asked[key])).expanduser() for key in ("mask", "picture")))
    return conditions


def check_asked(model: GenerativeModel, asked: Mapping[str, Any]) -> None:
    """Raises ConfigError for what the model has no use for, or can't draw without a caption."""
    for key, value in asked.items():
        if not isinstance(model, FromCaptions):
            elsewhere = "; mode=project has it" if key in OF_PROJECT else ""
            raise ConfigError(f"{key}={value}: model={model.name} reads no captions{elsewhere}")
        if key not in (*PROMPTS, *model.conditions):
            raise ConfigError(f"{key}={value}: model={model.name} has none; imagen and dalle2 have")
        if not set(PROMPTS) & asked.keys():
            raise ConfigError(f'{key}={value}: it goes with a caption, prompt="a red circle" or prompts=FILE')


def is_list(value: Any) -> bool:
    """Whether a key has several values."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def _check_guidance(guidance: Any) -> None:
    if not is_list(guidance):
        if not _is_weight(guidance):
            raise ConfigError(f"guidance={guidance}: it is a number from 0 on, or a list of them")
        return
    if not guidance or not all(map(_is_weight, guidance)):
        raise ConfigError(f"guidance={guidance}: it is a list of numbers from 0 on, such as [1,2,4]")
    if len({f"{weight:g}" for weight in guidance}) < len(guidance):
        raise ConfigError(f"guidance={guidance}: each is there once")


def _is_weight(value: Any) -> bool:
    return _is_number(value) and 0 <= value < math.inf


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
