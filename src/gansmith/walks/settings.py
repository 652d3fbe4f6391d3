"""Settings that several walks have."""

from __future__ import annotations

import re

import torch

from gansmith.errors import ConfigError

WORDS = ("coarse", "middle", "fine")
"""Thirds of the layers, from 4x4 on."""


def chosen_space(space: str | None, spaces: tuple[str, ...], name: str) -> str:
    """`space`, or the first of a model's `spaces`. Raises ConfigError for one that the model does not have."""
    if space is None:
        return spaces[0]
    if space not in spaces:
        raise ConfigError(f"space={space}: model={name} has {', '.join(spaces)} here")
    return space


def chosen_layers(layers: str | int, count: int) -> list[int]:
    """The numbers of layers that `all`, one of WORDS, a number or a range such as 2-5 mean.

    Args:
        layers: the words.
        count: of the layers there are, from 4x4 on.

    Raises:
        ConfigError: other words, or layers that there are not.
    """
    words = str(layers)
    if words == "all":
        return list(range(count))
    if words in WORDS:
        return torch.arange(count).tensor_split(len(WORDS))[WORDS.index(words)].tolist()
    if found := re.fullmatch(r"(\d+)(?:-(\d+))?", words):
        first, last = int(found[1]), int(found[2] or found[1])
        if first <= last < count:
            return list(range(first, last + 1))
    raise ConfigError(f"layers={layers}: take all, {', '.join(WORDS)}, or some of 0-{count - 1}, such as 1-2")
