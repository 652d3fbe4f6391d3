"""Self-attention over the places of a picture (Zhang et al., 2018, arXiv:1805.08318)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from gansmith.networks.spectral import spectral_norm


class SelfAttention(nn.Module):
    """y = γ o + x, where o mixes what h says of all places by how well f and g of them match (section 3).

    As in the authors' code, which BigGAN and others took over: f and g have an eighth of the channels, h a half, and
    what is attended to is max-pooled to half the side. γ starts from zero: the network first relies on its
    neighbourhoods (equation 3).

    Written as products of matrices, which gradient penalties can differentiate twice; fused attention can't be.

    Args:
        width: channels.
        spectral: spectral norm on the four convolutions.
    """

    def __init__(self, width: int, spectral: bool = True) -> None:
        super().__init__()
        narrow, half = max(width // 8, 1), max(width // 2, 1)
        self.f = _convolution(width, narrow, spectral)
        self.g = _convolution(width, narrow, spectral)
        self.h = _convolution(width, half, spectral)
        self.v = _convolution(half, width, spectral)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, features: Tensor) -> Tensor:
        """(n, width, s, s) to the same; s is even."""
        keys = max_pool2d(self.f(features), 2).flatten(2)
        values = max_pool2d(self.h(features), 2).flatten(2)
        queries = self.g(features).flatten(2)
        # (n, s², s² / 4): each row says where its place looks.
        attention = (queries.transpose(1, 2) @ keys).softmax(dim=2)
        mixed = (values @ attention.transpose(1, 2)).unflatten(2, features.shape[2:])
        return self.gamma * self.v(mixed) + features


def _convolution(width: int, following: int, spectral: bool) -> nn.Module:
    convolution = nn.Conv2d(width, following, 1, bias=False)
    nn.init.xavier_uniform_(convolution.weight)
    return spectral_norm(convolution) if spectral else convolution
