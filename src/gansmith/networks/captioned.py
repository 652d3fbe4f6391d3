"""An encoder of captions, and networks that are built for what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import nn

from gansmith.networks.text.encoder import TextEncoder


class Captioned(nn.ModuleDict):
    """`text`, and each of `networks` by its name.

    Args:
        text: the encoder.
        networks: callables from `condition`, the size of the encoder's vectors, to a network.
    """

    def __init__(self, text: TextEncoder, networks: Mapping[str, Callable[..., nn.Module]]) -> None:
        super().__init__({"text": text, **{name: build(condition=text.size) for name, build in networks.items()}})
