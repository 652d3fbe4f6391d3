"""Gradient penalties on the discriminator."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gansmith.errors import ConfigError
from gansmith.noise import Noise
from gansmith.objectives.global_mean import global_mean
from gansmith.training.ramps import Ramp, value_at

Critic = Callable[[Tensor], Tensor]
Logits = tuple[Tensor, Tensor]
"""Of the real and of the generated pictures of a step."""


def squared_gradient_norm(critic: Critic, images: Tensor) -> Tensor:
    """||d critic(x_i) / d x_i||^2 for each image, shape (n,), differentiable in the critic's weights.

    Logits are summed first: image i's logits depend on image i alone, unless the critic has batch
    statistics, whose influence on the other images is then part of the gradient.
    """
    images = images.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(images).sum(), images, create_graph=True)
    return gradient.flatten(1).square().sum(1)


class Penalty(nn.Module):
    """A regulariser of the discriminator, taken every `interval` steps. What it keeps in buffers is checkpointed.

    Args:
        weight: the coefficient in the paper's own convention; a ramp changes it with the images seen.
        interval: steps from one evaluation to the next. The value is multiplied by it, so that the
            mean over steps does not change (lazy regularisation, Karras et al., 2020, arXiv:1912.04958,
            section 3.1).

    Raises:
        ConfigError: an interval below one, or a negative weight.
    """

    def __init__(self, weight: float | Ramp, interval: int = 1) -> None:
        super().__init__()
        if interval < 1:
            raise ConfigError(f"model.penalty: interval is {interval}; it counts steps, from 1")
        self.schedule, self.interval = weight, interval
        self.at(0)
        if self.weight < 0:
            raise ConfigError(f"model.penalty: weight is {weight}; it can't be negative")

    def at(self, images_seen: int) -> None:
        """Sets the weight that holds after `images_seen` images."""
        self.weight = value_at(self.schedule, images_seen)

    def is_due(self, step: int) -> bool:
        return step % self.interval == 0

    def forward(self, critic: Critic, real: Tensor, fake: Tensor, noise: Noise, logits: Logits | None = None) -> Tensor:
        """Weighted penalty, a scalar; without autocast, in float32 at least: squared gradients underflow.

        Args:
            critic: images to logits; labels and other conditions are closed over.
            real: (n, C, H, W) in [-1, 1].
            fake: (n, C, H, W) in [-1, 1].
            noise: random numbers for these n rows.
            logits: what the critic has said of `real` and `fake` at this step, for penalties that compare with it.
        """
        with torch.autocast(real.device.type, enabled=False):
            value = self.value(critic, _at_least_float32(real), _at_least_float32(fake), noise, logits)
            return self.interval * self.weight * value

    def value(self, critic: Critic, real: Tensor, fake: Tensor, noise: Noise, logits: Logits | None = None) -> Tensor:
        raise NotImplementedError

    def after_step(self, discriminator: nn.Module) -> None:
        """Called when the discriminator has stepped, for what constrains its weights."""


class GradientPenalty(Penalty):
    """(||gradient|| - 1)^2 on straight lines from real to fake (Gulrajani et al., 2017, arXiv:1704.00028, eq. 3)."""

    def value(self, critic: Critic, real: Tensor, fake: Tensor, noise: Noise, logits: Logits | None = None) -> Tensor:
        position = noise.uniform(len(real), *[1] * (real.ndim - 1))
        between = position * real.detach() + (1 - position) * fake.detach()
        # The square root has no derivative at zero, where a critic with dead units can start.
        norm = (squared_gradient_norm(critic, between) + 1e-12).sqrt()
        return (norm - 1).square().mean()


class R1(Penalty):
    """Half the squared gradient norm on real pictures (Mescheder et al., 2018, arXiv:1801.04406, equation 9)."""

    def value(self, critic: Critic, real: Tensor, fake: Tensor, noise: Noise, logits: Logits | None = None) -> Tensor:
        return 0.5 * squared_gradient_norm(critic, real).mean()


class R2(Penalty):
    """Half the squared gradient norm on generated pictures (Mescheder et al., 2018, arXiv:1801.04406, eq. 10)."""

    def value(self, critic: Critic, real: Tensor, fake: Tensor, noise: Noise, logits: Logits | None = None) -> Tensor:
        return 0.5 * squared_gradient_norm(critic, fake).mean()


class Dragan(Penalty):
    """(||gradient|| - 1)^2 around real pictures (Kodali et al., 2017, arXiv:1705.07215, algorithm 1).

    Where to look comes from the authors' code: a uniform place on the line from a picture to the picture plus half
    the standard deviation of the batch times uniform noise in [0, 1).
    """

    def value(self, critic: Critic, real: Tensor, fake: Tensor, noise: Noise, logits: Logits | None = None) -> Tensor:
        moments = global_mean(torch.stack([real.detach().mean(), real.detach().square().mean()]))
        deviation = (moments[1] - moments[0].square()).clamp(min=0).sqrt()
        position = noise.uniform(len(real), *[1] * (real.ndim - 1))
        around = real.detach() + position * 0.5 * deviation * noise.uniform(len(real), *real.shape[1:])
        norm = (squared_gradient_norm(critic, around) + 1e-12).sqrt()
        return (norm - 1).square().mean()


class ZeroCentred(Penalty):
    """Squared gradient norm on straight lines from real to fake (Thanh-Tung et al., 2019, arXiv:1902.03984, eq. 8)."""

    def value(self, critic: Critic, real: Tensor, fake: Tensor, noise: Noise, logits: Logits | None = None) -> Tensor:
        position = noise.uniform(len(real), *[1] * (real.ndim - 1))
        between = position * real.detach() + (1 - position) * fake.detach()
        return squared_gradient_norm(critic, between).mean()


def _at_least_float32(images: Tensor) -> Tensor:
    return images.float() if images.dtype in (torch.float16, torch.bfloat16) else images
