"""The mapping from z to w (Karras et al., 2019, arXiv:1812.04948, section 2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gansmith.networks.stylegan2.equalized import EqualizedLinear, activated

RATE = 0.01


def normalized(features: Tensor) -> Tensor:
    """(n, d) with a second moment of one in each row."""
    return features * (features.square().mean(1, keepdim=True) + 1e-8).rsqrt()


class Mapping(nn.Module):
    """f: Z → W, fully connected layers with a hundredth of the learning rate.

    z, and the embedding of the label behind it, are normalised first (arXiv:1812.04948, appendix C;
    arXiv:2006.06676, appendix on CIFAR-10).

    Args:
        latent: size of z; 0 for a mapping of the label alone.
        width: of the layers, of w, and of the label's embedding.
        layers: how many.
        classes: of labels; 0 for none.
    """

    def __init__(self, latent: int, width: int, layers: int = 8, classes: int = 0) -> None:
        super().__init__()
        self.classes = classes
        self.embedding = EqualizedLinear(classes, width) if classes else None
        inputs = [latent + (width if classes else 0), *[width] * (layers - 1)]
        self.layers = nn.ModuleList(EqualizedLinear(size, width, rate=RATE) for size in inputs)

    def forward(self, latent: Tensor | None, label: Tensor | None = None) -> Tensor:
        """z (n, latent) and, where there are classes, labels (n,) int64 to w (n, width).

        Raises:
            ValueError: there are classes and no labels.
        """
        parts = [] if latent is None else [normalized(latent)]
        if self.embedding is not None:
            if label is None:
                raise ValueError(f"this network is conditioned on {self.classes} classes and needs a label")
            hot = one_hot(label, self.classes).to(self.embedding.weight.dtype)
            parts.append(normalized(self.embedding(hot)))
        w = torch.cat(parts, dim=1)
        for layer in self.layers:
            w = activated(layer(w))
        return w
