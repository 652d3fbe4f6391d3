"""The GAN family for the loop of plain.py: losses, penalties and intervals, as one writes them by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from plain import Numbers, Recipe
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, relu, softplus
from torch.optim import Adam, Optimizer, RMSprop

Critic = Callable[[Tensor], Tensor]


# Losses of the discriminator and of the generator.


def cross_entropy_d(real: Tensor, fake: Tensor, label: Tensor | None) -> Tensor:
    return softplus(-real).mean() + softplus(fake).mean()


def cross_entropy_g(fake: Tensor, real: Tensor | None, label: Tensor | None) -> Tensor:
    return softplus(-fake).mean()


def least_squares_d(real: Tensor, fake: Tensor, label: Tensor | None) -> Tensor:
    return 0.5 * (real - 1).square().mean() + 0.5 * fake.square().mean()


def least_squares_g(fake: Tensor, real: Tensor | None, label: Tensor | None) -> Tensor:
    return 0.5 * (fake - 1).square().mean()


def wasserstein_d(real: Tensor, fake: Tensor, label: Tensor | None) -> Tensor:
    return fake.mean() - real.mean()


def hinge_d(real: Tensor, fake: Tensor, label: Tensor | None) -> Tensor:
    return relu(1 - real).mean() + relu(1 + fake).mean()


def minus_mean_g(fake: Tensor, real: Tensor | None, label: Tensor | None) -> Tensor:
    return -fake.mean()


def relativistic_d(real: Tensor, fake: Tensor, label: Tensor | None) -> Tensor:
    return softplus(fake - real).mean()


def relativistic_g(fake: Tensor, real: Tensor | None, label: Tensor | None) -> Tensor:
    assert real is not None
    return softplus(real - fake).mean()


def auxiliary_d(real: tuple[Tensor, Tensor], fake: tuple[Tensor, Tensor], label: Tensor) -> Tensor:
    adversarial = softplus(-real[0]).mean() + softplus(fake[0]).mean()
    return adversarial + cross_entropy(real[1], label) + cross_entropy(fake[1], label)


def auxiliary_g(fake: tuple[Tensor, Tensor], real: Tensor | None, label: Tensor) -> Tensor:
    return softplus(-fake[0]).mean() + cross_entropy(fake[1], label)


# Penalties.


def squared_gradient(critic: Critic, images: Tensor) -> Tensor:
    images = images.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(images).sum(), images, create_graph=True)
    return gradient.flatten(1).square().sum(1)


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, numbers: Numbers) -> Tensor:
    position = numbers.uniform(len(real), 1, 1, 1)
    norm = (squared_gradient(critic, position * real + (1 - position) * fake) + 1e-12).sqrt()
    return (norm - 1).square().mean()


def dragan_penalty(critic: Critic, real: Tensor, fake: Tensor, numbers: Numbers) -> Tensor:
    position = numbers.uniform(len(real), 1, 1, 1)
    around = real + position * 0.5 * real.std(correction=0) * numbers.uniform(*real.shape)
    norm = (squared_gradient(critic, around) + 1e-12).sqrt()
    return (norm - 1).square().mean()


def r1(critic: Critic, real: Tensor, fake: Tensor, numbers: Numbers) -> Tensor:
    return 0.5 * squared_gradient(critic, real).mean()


def r1_r2(critic: Critic, real: Tensor, fake: Tensor, numbers: Numbers) -> Tensor:
    return 0.5 * squared_gradient(critic, real).mean() + 0.5 * squared_gradient(critic, fake).mean()


# What StyleGAN2 and R3GAN do besides.


def from_latent(generator: nn.Module, rows: int, label: Tensor | None, numbers: Numbers, latent: int) -> Tensor:
    return generator(numbers.normal(rows, latent), label)


def with_mixed_styles(generator: Any, rows: int, label: Tensor | None, numbers: Numbers, latent: int) -> Tensor:
    """Nine of ten pictures have a second latent from a random layer on; the mean of w is tracked."""
    w = generator.mapping(numbers.normal(rows, latent))
    with torch.no_grad():
        generator.mean.lerp_(w.mean(0), 1 - 0.998)
    layers, places = generator.synthesis.layers, numbers.uniform(rows, 2)
    crossover = 1 + (places[:, :1] * (layers - 1)).long()
    is_second = (torch.arange(layers, device=w.device) >= crossover) & (places[:, 1:] < 0.9)
    second = generator.mapping(numbers.normal(rows, latent))
    return generator.synthesis(torch.where(is_second[:, :, None], second[:, None], w[:, None]), numbers)


def path_length(generator: Any, real: Tensor, numbers: Numbers, mean: Tensor, latent: int, share: int = 2) -> Tensor:
    """On half of a batch."""
    w = generator.mapping(numbers.normal(len(real) // share, latent))
    styles = w[:, None].expand(-1, generator.synthesis.layers, -1)
    pictures = generator.synthesis(styles, numbers)
    y = numbers.normal(*pictures.shape) / pictures.shape[-1]
    (gradient,) = torch.autograd.grad((pictures * y).sum(), styles, create_graph=True)
    lengths = gradient.square().sum(2).mean(1).sqrt()
    mean.lerp_(lengths.detach().mean(), 0.01)
    return 2.0 * (lengths - mean).square().mean()


def wave(images_seen: int, start: float, end: float) -> float:
    """Half a cosine over the first 100,000 images."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(images_seen / 100_000, 1.0)))


def anneal(optimizer: Optimizer, images_seen: int) -> None:
    for group in optimizer.param_groups:
        group["lr"] = optimizer.defaults["lr"] * wave(images_seen, 1.0, 0.25)
        group["betas"] = (0.0, wave(images_seen, 0.9, 0.99))


def stylegan2(share: int = 2) -> Recipe:
    """Args: share: one of so many pictures of a batch has its path length taken."""
    return Recipe(
        cross_entropy_d,
        cross_entropy_g,
        partial(with_mixed_styles, latent=64),
        optimizer=partial(Adam, betas=(0.0, 0.99)),
        shares_fakes=True,
        penalty=r1,
        interval=16,
        weight=lambda images_seen: 0.1,
        regularise=partial(path_length, latent=64, share=share),
    )


def _ten(images_seen: int) -> float:
    return 10.0


ADAM = partial(Adam, betas=(0.0, 0.9))
GENERATE = partial(from_latent, latent=100)
SNGAN = partial(Recipe, hinge_d, minus_mean_g, partial(from_latent, latent=128), optimizer=ADAM)
RECIPES = {
    "gan": Recipe(cross_entropy_d, cross_entropy_g, GENERATE, shares_fakes=True),
    "dcgan": Recipe(cross_entropy_d, cross_entropy_g, GENERATE, shares_fakes=True),
    "lsgan": Recipe(least_squares_d, least_squares_g, GENERATE, shares_fakes=True),
    "wgan": Recipe(wasserstein_d, minus_mean_g, GENERATE, RMSprop, critic_steps=5, clip=0.01),
    "wgan_gp": Recipe(
        wasserstein_d, minus_mean_g, GENERATE, ADAM, critic_steps=5, penalty=gradient_penalty, weight=_ten
    ),
    "dragan": Recipe(
        cross_entropy_d, cross_entropy_g, GENERATE, shares_fakes=True, penalty=dragan_penalty, weight=_ten
    ),
    "sngan": SNGAN(critic_steps=2),
    "sagan": SNGAN(),
    "cgan": Recipe(cross_entropy_d, cross_entropy_g, GENERATE, shares_fakes=True, labels=True),
    "acgan": Recipe(auxiliary_d, auxiliary_g, GENERATE, labels=True),  # type: ignore[arg-type]
    "projection_gan": SNGAN(critic_steps=2, labels=True),
    "biggan": Recipe(hinge_d, minus_mean_g, partial(from_latent, latent=80), critic_steps=2, labels=True),
    "stylegan2": stylegan2(),
    "r3gan": Recipe(
        relativistic_d,
        relativistic_g,
        partial(from_latent, latent=64),
        optimizer=ADAM,
        compares=True,
        penalty=r1_r2,
        weight=lambda images_seen: wave(images_seen, 0.1, 0.01),
        anneal=anneal,
        half_life=lambda images_seen: wave(images_seen, 0.0, 20_000.0),
    ),
}
