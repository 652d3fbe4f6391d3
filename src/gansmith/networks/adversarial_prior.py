"""The prior of DALL-E 2 as a conditional GAN: a latent and a caption to an embedding, and its critic."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, normalize

from gansmith.networks.sizes import check_sizes
from gansmith.networks.text_gan import SLOPE


class ResidualLayer(nn.Module):
    """A layer norm, an activation and a linear layer beside a skip."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.layer = nn.LayerNorm(width), nn.Linear(width, width)

    def forward(self, features: Tensor) -> Tensor:
        return features + self.layer(leaky_relu(self.norm(features), SLOPE))


class EmbeddingGenerator(nn.Module):
    """A latent and a caption to an embedding, by a perceptron with skips.

    Args:
        embedding: its size, d.
        condition: size of a caption's vector.
        latent: size of z.
        width: of hidden layers.
        layers: how many there are.

    Raises:
        ConfigError: a size below 1.
    """

    def __init__(self, embedding: int, condition: int, latent: int = 32, width: int = 256, layers: int = 3) -> None:
        super().__init__()
        check_sizes(latent=latent, width=width, layers=layers)
        self.latent = latent
        hidden = (ResidualLayer(width) for _ in range(layers))
        self.layers = nn.Sequential(nn.Linear(latent + condition, width), *hidden, nn.Linear(width, embedding))

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        """(n, latent) and (n, condition) to embeddings (n, d) of length √d."""
        embedding = normalize(self.layers(torch.cat([latent, condition], dim=1)), dim=1)
        return embedding * math.sqrt(embedding.shape[1])


class EmbeddingCritic(nn.Module):
    """An embedding and a caption to a logit. Without norms: gradient penalties are of single rows.

    Arguments and errors as of `EmbeddingGenerator`.
    """

    def __init__(self, embedding: int, condition: int, width: int = 256, layers: int = 3) -> None:
        super().__init__()
        check_sizes(width=width, layers=layers)
        hidden = [part for _ in range(layers - 1) for part in (nn.Linear(width, width), nn.LeakyReLU(SLOPE))]
        self.layers = nn.Sequential(
            nn.Linear(embedding + condition, width), nn.LeakyReLU(SLOPE), *hidden, nn.Linear(width, 1)
        )

    def forward(self, embedding: Tensor, condition: Tensor) -> Tensor:
        """(n, d) and (n, condition) to logits (n,)."""
        return self.layers(torch.cat([embedding, condition], dim=1)).squeeze(1)
