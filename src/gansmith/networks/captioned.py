"""An encoder of captions, and networks that are built for what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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


class Cascade(nn.ModuleDict):
    """`text`, and `to_S` for each side S: one network draws the smallest picture, the others enlarge.

    Args:
        text: the encoder.
        resolutions: the sides, from small to large.
        first: a callable from `condition`, the size of the encoder's vectors, and `resolution` to a network.
        further: the same, for all sides but the first.
    """

    def __init__(
        self,
        text: TextEncoder,
        resolutions: Sequence[int],
        first: Callable[..., nn.Module],
        further: Callable[..., nn.Module],
    ) -> None:
        builders = [first, *[further] * (len(resolutions) - 1)]
        networks = {
            f"to_{size}": build(condition=text.size, resolution=size) for size, build in zip(resolutions, builders)
        }
        super().__init__({"text": text, **networks})
