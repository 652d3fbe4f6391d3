"""Network interpolation (Wang et al., 2018, ESRGAN, arXiv:1809.00219, section 3.4)."""

from __future__ import annotations

import torch
from torch import nn

from gansmith.errors import CheckpointError, ConfigError


@torch.no_grad()
def blend(network: nn.Module, other: nn.Module, alpha: float) -> None:
    """Makes the weights of `network` (1 - alpha) times those of `other` plus alpha times its own (equation 5).

    Raises:
        ConfigError: alpha outside [0, 1].
        CheckpointError: the networks differ in their weights' names or shapes.
    """
    if not 0 <= alpha <= 1:
        raise ConfigError(f"alpha={alpha} must lie in 0 to 1: the share of ckpt in what it makes with blend")
    own, others = network.state_dict(), other.state_dict()
    for name in sorted(own.keys() | others.keys()):
        shapes = [tuple(state[name].shape) if name in state else "missing" for state in (own, others)]
        if shapes[0] != shapes[1]:
            raise CheckpointError(f"blend does not fit ckpt: {name} is {shapes[1]} there and {shapes[0]} in ckpt")
    for name, weight in own.items():
        if weight.is_floating_point():
            weight.lerp_(others[name].to(weight), 1 - alpha)
