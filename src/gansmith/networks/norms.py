"""Normalisation by name."""

from __future__ import annotations

from torch import nn

from gansmith.errors import ConfigError

NORMS: dict[str, type[nn.Module]] = {"batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d, "none": nn.Identity}


def norm_layer(name: str, width: int) -> nn.Module:
    """Batch norm, instance norm (without weights: Ulyanov et al., 2016, arXiv:1607.08022) or the identity.

    Raises:
        ConfigError: no norm has this name.
    """
    check_norm(name)
    return NORMS[name](width)


def needs_bias(name: str) -> bool:
    """Whether a convolution before this norm has biases: batch norm brings its own."""
    check_norm(name)
    return name != "batch"


def check_norm(name: str) -> None:
    """Raises ConfigError if no norm has this name."""
    if name not in NORMS:
        raise ConfigError(f"norm is {name!r}; it can be {', '.join(NORMS)}")
