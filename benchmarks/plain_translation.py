"""The plainest loops for pictures from pictures: pix2pix, CycleGAN and SRGAN's two stages as one writes them by hand.

As in plain.py, networks, losses, optimizers, averages, pairs and the number of passes are those of the configs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping

import torch
from plain import HALF_LIFE, RAMP_UP, update
from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss, softplus
from torch.optim import Adam

RATE = 2e-4  # of all optimizers; no speed depends on it
POOL = 50

Pairs = Iterable[tuple[Tensor, Tensor]]
"""Sources and targets as floats in [-1, 1]."""


def pix2pix(generator: nn.Module, discriminator: nn.Module, average: nn.Module | None, pairs: Pairs) -> Iterator[None]:
    """Cross-entropy on (source, picture) and 100 times the absolute error; one generator pass for both half steps."""
    optimizer_g = Adam(generator.parameters(), lr=RATE, betas=(0.5, 0.999))
    optimizer_d = Adam(discriminator.parameters(), lr=RATE, betas=(0.5, 0.999))
    images_seen = 0
    for source, target in pairs:
        fake = generator(source)

        optimizer_d.zero_grad()
        real_logits = discriminator(torch.cat([source, target], 1))
        fake_logits = discriminator(torch.cat([source, fake.detach()], 1))
        (0.5 * (softplus(-real_logits).mean() + softplus(fake_logits).mean())).backward()
        optimizer_d.step()

        optimizer_g.zero_grad()
        discriminator.requires_grad_(False)
        adversarial = softplus(-discriminator(torch.cat([source, fake], 1))).mean()
        (adversarial + 100 * l1_loss(fake, target)).backward()
        discriminator.requires_grad_(True)
        optimizer_g.step()

        images_seen += len(source)
        if average is not None:
            update(average, generator, len(source), min(HALF_LIFE, RAMP_UP * images_seen))
        yield


def cyclegan(
    generator: Mapping[str, nn.Module],
    discriminator: Mapping[str, nn.Module],
    average: nn.Module | None,
    pairs: Pairs,
) -> Iterator[None]:
    """Squared error, cycles times 10, identities times 5, a pool of 50 for each direction; generators first."""
    g, f, d_source, d_target = (
        generator["to_target"],
        generator["to_source"],
        discriminator["source"],
        discriminator["target"],
    )
    both = nn.ModuleDict(dict(generator))
    critics = nn.ModuleDict(dict(discriminator))
    optimizer_g = Adam(both.parameters(), lr=RATE, betas=(0.5, 0.999))
    optimizer_d = Adam(critics.parameters(), lr=RATE, betas=(0.5, 0.999))
    pools: tuple[list[Tensor], list[Tensor]] = ([], [])
    images_seen = 0
    for source, target in pairs:
        fake_target, fake_source = g(source), f(target)

        optimizer_g.zero_grad()
        critics.requires_grad_(False)
        adversarial = mse_loss_to(d_target(fake_target), 1) + mse_loss_to(d_source(fake_source), 1)
        cycle = l1_loss(f(fake_target), source) + l1_loss(g(fake_source), target)
        identity = l1_loss(g(target), target) + l1_loss(f(source), source)
        (adversarial + 10 * cycle + 5 * identity).backward()
        critics.requires_grad_(True)
        optimizer_g.step()

        optimizer_d.zero_grad()
        loss_d: Tensor | float = 0.0
        for critic, real, fake, pool in (
            (d_target, target, fake_target, pools[0]),
            (d_source, source, fake_source, pools[1]),
        ):
            shown = from_pool(pool, fake.detach())
            loss_d = loss_d + 0.5 * (mse_loss_to(critic(real), 1) + mse_loss_to(critic(shown), 0))
        loss_d.backward()  # type: ignore[union-attr]
        optimizer_d.step()

        images_seen += len(source)
        if average is not None:
            update(average, both, len(source), min(HALF_LIFE, RAMP_UP * images_seen))
        yield


def srgan(
    generator: nn.Module,
    discriminator: nn.Module,
    average: nn.Module | None,
    pairs: Pairs,
    perceptual: Callable[[Tensor, Tensor], Tensor],
) -> Iterator[None]:
    """The adversarial stage: pixels, features and cross-entropy with BasicSR's weights; the generator first."""
    optimizer_g = Adam(generator.parameters(), lr=RATE, betas=(0.9, 0.99))
    optimizer_d = Adam(discriminator.parameters(), lr=RATE, betas=(0.9, 0.99))
    images_seen = 0
    for source, target in pairs:
        fake = generator(source)

        optimizer_g.zero_grad()
        discriminator.requires_grad_(False)
        adversarial = softplus(-discriminator(fake)).mean()
        pixel = 0.5 * l1_loss(fake, target)  # of pictures in [0, 1]
        (1e-2 * pixel + perceptual(fake, target) + 5e-3 * adversarial).backward()
        discriminator.requires_grad_(True)
        optimizer_g.step()

        optimizer_d.zero_grad()
        real_logits, fake_logits = discriminator(target), discriminator(fake.detach())
        (softplus(-real_logits).mean() + softplus(fake_logits).mean()).backward()
        optimizer_d.step()

        images_seen += len(source)
        if average is not None:
            update(average, generator, len(source), min(HALF_LIFE, RAMP_UP * images_seen))
        yield


def mse_loss_to(logits: Tensor, label: float) -> Tensor:
    return mse_loss(logits, torch.full_like(logits, label))


def from_pool(pool: list[Tensor], fakes: Tensor) -> Tensor:
    """Half of the pictures are exchanged for older ones, once there are POOL."""
    shown = []
    for fake in fakes:
        if len(pool) < POOL:
            pool.append(fake)
        elif random.random() < 0.5:
            place = random.randrange(POOL)
            pool[place], fake = fake, pool[place]
        shown.append(fake)
    return torch.stack(shown)
