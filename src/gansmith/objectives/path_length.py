"""Path-length regularisation of a generator (Karras et al., 2020, arXiv:1912.04958, section 3.2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gansmith.errors import ConfigError
from gansmith.noise import Draws
from gansmith.objectives.global_mean import global_mean


class PathLength(nn.Module):
    """(||J_w^T y|| - a)²: a step in W changes the picture equally much, wherever it is taken (equation 4).

    J_w is the Jacobian of the picture in w, y has standard normal pixels, and a is a running mean of the lengths,
    which is checkpointed. y is divided by the side of the picture, and squared lengths are averaged over the layers
    that w goes to, as in the official code: with a weight of 2 it is the γ of appendix B, ln 2 / (r² (ln r - ln 2)).

    Args:
        weight: the coefficient.
        interval: generator steps from one evaluation to the next; the value is multiplied by it, so that the mean
            over steps does not change (section 3.1).
        decay: of the running mean, once an evaluation.
        every: one of so many pictures of a batch is looked at, to save time and memory.

    Raises:
        ConfigError: a count below one, a negative weight, or a decay outside [0, 1).
    """

    mean: Tensor

    def __init__(self, weight: float = 2.0, interval: int = 4, decay: float = 0.99, every: int = 2) -> None:
        super().__init__()
        for key, count in (("interval", interval), ("every", every)):
            if count < 1:
                raise ConfigError(f"model.path_length.{key} is {count}; it counts from 1")
        if weight < 0:
            raise ConfigError(f"model.path_length.weight is {weight}; it can't be negative")
        if not 0 <= decay < 1:
            raise ConfigError(f"model.path_length.decay is {decay}; it lies in [0, 1)")
        self.weight, self.interval, self.decay, self.every = weight, interval, decay, every
        self.register_buffer("mean", torch.zeros(()))

    def is_due(self, step: int) -> bool:
        """Whether it is taken at this step of the generator, from 0."""
        return step % self.interval == 0

    def forward(self, pictures: Tensor, styles: Tensor, draws: Draws) -> Tensor:
        """Weighted penalty, a scalar, differentiable in the weights that made the pictures; moves the running mean.

        Args:
            pictures: (n, C, H, W), made from `styles`.
            styles: (n, layers, d), a w for each layer, with a graph.
            draws: random numbers for these n rows.
        """
        lengths = path_lengths(pictures, styles, draws)
        self.mean.lerp_(global_mean(lengths.detach().mean()).to(self.mean), 1 - self.decay)
        return self.interval * self.weight * (lengths - self.mean).square().mean()


def path_lengths(pictures: Tensor, styles: Tensor, draws: Draws) -> Tensor:
    """||J_w^T y|| (n,) for y ~ N(0, 1) / √(H W), as root mean square over layers; arguments as in `PathLength`."""
    y = draws.normal(*pictures.shape) / math.sqrt(pictures[0, 0].numel())
    (gradient,) = torch.autograd.grad((pictures * y).sum(), styles, create_graph=True)
    return gradient.square().sum(2).mean(1).sqrt()
