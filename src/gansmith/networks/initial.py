"""Weights that training starts from."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def normal_weights(module: nn.Module) -> None:
    """N(0, 0.02) for weights, N(1, 0.02) for scales of batch norm, no bias; for `nn.Module.apply`.

    Of DCGAN (Radford et al., 2015, section 4), pix2pix (Isola et al., 2017, appendix 6.2) and CycleGAN.
    """
    if isinstance(module, (*CONVOLUTIONS, nn.Linear)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


@torch.no_grad()
def scaled_kaiming_weights(module: nn.Module, scale: float = 0.1) -> None:
    """He's normal weights times `scale`, no bias; for `nn.Module.apply`.

    Residuals that start small let deep networks without norms train (Wang et al., 2018, arXiv:1809.00219,
    section 3.1 and supplementary).
    """
    if isinstance(module, CONVOLUTIONS):
        nn.init.kaiming_normal_(module.weight)
        module.weight.mul_(scale)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def zeroed(layer: Layer) -> Layer:
    """The same layer, whose weights and bias start at zero: what it ends adds nothing at first."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
