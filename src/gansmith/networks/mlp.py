"""Fully connected networks, as in the first GAN (Goodfellow et al., 2014, arXiv:1406.2661)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from gansmith.networks.conditioning import concatenate_label
from gansmith.networks.matrices import matrix_of
from gansmith.networks.sizes import check_sizes


def _hidden_layers(widths: Sequence[int]) -> list[nn.Module]:
    return [
        layer
        for width, following in pairwise(widths)
        for layer in (nn.Linear(width, following), nn.LeakyReLU(0.2, inplace=True))
    ]


class Generator(nn.Module):
    """Latent to picture.

    Args:
        resolution: side of the picture.
        channels: of the picture.
        latent: size of z.
        hidden: widths of the hidden layers, from the latent on.
        classes: labels that are concatenated to z; 0 for none.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        latent: int = 100,
        hidden: Sequence[int] = (256, 512, 1024),
        classes: int = 0,
    ) -> None:
        super().__init__()
        check_sizes(latent=latent)
        self.latent, self.classes = latent, classes
        self.shape = (channels, resolution, resolution)
        pixels = channels * resolution**2
        self.layers = nn.Sequential(
            *_hidden_layers([latent + classes, *hidden]), nn.Linear(hidden[-1], pixels), nn.Tanh()
        )

    def forward(self, latent: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, latent) and, where there are classes, (n,) int64 to (n, channels, resolution, resolution) in [-1, 1]."""
        return self.layers(concatenate_label(latent, label, self.classes)).unflatten(1, self.shape)

    def latent_matrices(self) -> list[Tensor]:
        """The matrix (rows, latent) by which z enters."""
        return [matrix_of(self.layers[0])[:, : self.latent]]


class Discriminator(nn.Module):
    """Picture to logit.

    Args:
        resolution: side of the picture.
        channels: of the picture.
        hidden: widths of the hidden layers, from the picture on.
        classes: labels that are concatenated to the pixels; 0 for none.
    """

    def __init__(self, resolution: int, channels: int, hidden: Sequence[int] = (512, 256), classes: int = 0) -> None:
        super().__init__()
        self.classes = classes
        pixels = channels * resolution**2
        self.layers = nn.Sequential(*_hidden_layers([pixels + classes, *hidden]), nn.Linear(hidden[-1], 1))

    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, channels, resolution, resolution) in [-1, 1] and labels (n,) to logits (n,)."""
        return self.layers(concatenate_label(image.flatten(1), label, self.classes)).flatten()
