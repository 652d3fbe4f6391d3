"""Spectral normalisation (Miyato et al., 2018, arXiv:1802.05957)."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, linear, normalize

Layer = TypeVar("Layer", bound=nn.Module)


class SpectralNorm(nn.Module):
    """W / σ(W), where σ is the largest singular value of W as a matrix of outputs by everything else (section 2.1).

    u approximates the first left singular vector: one step of power iteration a forward pass (algorithm 1), from
    weights alone, so that ranks agree. In eval mode u stays, and σ is that of the step that would come next: it is
    right for an averaged network too, in which the average of several u is no unit vector.

    Args:
        weight: (outputs, ...), whose u is found by `steps` of power iteration.
        steps: at the start.
    """

    u: Tensor

    def __init__(self, weight: Tensor, steps: int = 15) -> None:
        super().__init__()
        self.register_buffer("u", normalize(torch.randn(len(weight)).to(weight), dim=0))
        for _ in range(steps):
            self.u.copy_(self._step(weight.detach().flatten(1))[0])

    def forward(self, weight: Tensor) -> Tensor:
        """(outputs, ...) to the same shape, differentiable in `weight` with u and v held, as in equation 11."""
        # Mixed precision would take the products in half.
        with torch.autocast(weight.device.type, enabled=False):
            matrix = weight.flatten(1)
            u, v = self._step(matrix)
            if self.training:
                self.u.copy_(u)
            return weight / (u @ matrix @ v)

    @torch.no_grad()
    def _step(self, matrix: Tensor) -> tuple[Tensor, Tensor]:
        v = normalize(self.u @ matrix, dim=0)
        return normalize(matrix @ v, dim=0), v


class SpectralConv2d(nn.Conv2d):
    """A convolution by W / σ(W)."""

    spectral: SpectralNorm

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.spectral(self.weight), self.bias)


class SpectralLinear(nn.Linear):
    """A linear layer of W / σ(W)."""

    spectral: SpectralNorm

    def forward(self, input: Tensor) -> Tensor:
        return linear(input, self.spectral(self.weight), self.bias)


class SpectralEmbedding(nn.Embedding):
    """Rows of W / σ(W)."""

    spectral: SpectralNorm

    def forward(self, input: Tensor) -> Tensor:
        return embedding(input, self.spectral(self.weight))


CLASSES: dict[type[nn.Module], type[nn.Module]] = {
    nn.Conv2d: SpectralConv2d,
    nn.Linear: SpectralLinear,
    nn.Embedding: SpectralEmbedding,
}


def spectral_norm(layer: Layer) -> Layer:
    """`layer`, a Conv2d, Linear or Embedding whose weight is initialised, which from here on normalises it.

    Names of weights stay, and the layer can be pickled, as processes that are spawned need it; a parametrisation of
    torch's can't be.
    """
    layer.__class__ = CLASSES[type(layer)]  # type: ignore[assignment]
    layer.spectral = SpectralNorm(layer.weight)  # type: ignore[arg-type]
    return layer
