"""The plainest training loops one would write by hand: what gansmith's overhead is measured against.

Each is a generator: `next` makes one step. Networks, losses, optimizers, averages, data and the number of
passes are those of `model=dcgan` and `model=wgan_gp`, and so are the weights that come out at one learning rate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.optim import Adam

LATENT, HALF_LIFE, RAMP_UP = 100, 20_000, 0.05
RATE = 2e-4  # of all optimizers; no speed depends on it

Draws = Callable[[int, str], torch.Generator]
"""The source of random numbers for a step (from 0) and a side."""


def one_source(device: torch.device) -> Draws:
    """All numbers from one generator, as a loop by hand has it."""
    generator = torch.Generator(device)
    return lambda step, side: generator


def endless(images: Tensor, batch_size: int) -> Iterator[Tensor]:
    """Batches of uint8 `images` (N, C, H, W), one permutation after another; the incomplete last one is dropped."""
    while True:
        for indices in torch.randperm(len(images)).split(batch_size):
            if len(indices) == batch_size:
                yield images[indices]


def dcgan(
    generator: nn.Module,
    discriminator: nn.Module,
    average: nn.Module,
    batches: Iterable[Tensor],
    draws: Draws,
    freeze: bool = True,
) -> Iterator[None]:
    """Cross-entropy, one generator pass for both half steps.

    Args:
        generator: the paper's, on its device.
        discriminator: the same.
        average: a copy of the generator.
        batches: uint8 (n, C, H, W).
        draws: random numbers.
        freeze: no gradients for the discriminator's weights while the generator steps.
    """
    device = next(generator.parameters()).device
    optimizer_g = Adam(generator.parameters(), lr=RATE, betas=(0.5, 0.999))
    optimizer_d = Adam(discriminator.parameters(), lr=RATE, betas=(0.5, 0.999))
    images_seen = 0
    for step, image in enumerate(batches):
        real = image.to(device).float().div_(127.5).sub_(1.0)
        latent = torch.randn(len(real), LATENT, device=device, generator=draws(step, "discriminator"))
        fake = generator(latent)

        optimizer_d.zero_grad()
        loss_d = softplus(-discriminator(real)).mean() + softplus(discriminator(fake.detach())).mean()
        loss_d.backward()
        optimizer_d.step()

        optimizer_g.zero_grad()
        discriminator.requires_grad_(not freeze)
        softplus(-discriminator(fake)).mean().backward()
        discriminator.requires_grad_(True)
        optimizer_g.step()

        images_seen += len(real)
        update(average, generator, len(real), images_seen)
        yield


def wgan_gp(
    generator: nn.Module,
    discriminator: nn.Module,
    average: nn.Module,
    batches: Iterable[Tensor],
    draws: Draws,
    freeze: bool = True,
) -> Iterator[None]:
    """Wasserstein loss with gradient penalty, five critic steps; arguments as for `dcgan`."""
    device = next(generator.parameters()).device
    optimizer_g = Adam(generator.parameters(), lr=RATE, betas=(0.0, 0.9))
    optimizer_d = Adam(discriminator.parameters(), lr=RATE, betas=(0.0, 0.9))
    images_seen = 0
    for step, image in enumerate(batches):
        real = image.to(device).float().div_(127.5).sub_(1.0)
        numbers = draws(step, "discriminator")
        with torch.no_grad():
            fake = generator(torch.randn(len(real), LATENT, device=device, generator=numbers))

        optimizer_d.zero_grad()
        loss_d = discriminator(fake).mean() - discriminator(real).mean()
        position = torch.rand(len(real), 1, 1, 1, device=device, generator=numbers)
        between = (position * real + (1 - position) * fake).requires_grad_(True)
        (gradient,) = torch.autograd.grad(discriminator(between).sum(), between, create_graph=True)
        norm = (gradient.flatten(1).square().sum(1) + 1e-12).sqrt()
        (loss_d + 10.0 * (norm - 1).square().mean()).backward()
        optimizer_d.step()
        images_seen += len(real)

        if step % 5 == 4:
            optimizer_g.zero_grad()
            discriminator.requires_grad_(not freeze)
            latent = torch.randn(len(real), LATENT, device=device, generator=draws(step, "generator"))
            (-discriminator(generator(latent)).mean()).backward()
            discriminator.requires_grad_(True)
            optimizer_g.step()
            update(average, generator, 5 * len(real), images_seen)
        yield


@torch.no_grad()
def update(average: nn.Module, network: nn.Module, images: int, images_seen: int) -> None:
    """Exponential moving average of weights and running statistics."""
    weight = 1 - 0.5 ** (images / min(HALF_LIFE, RAMP_UP * images_seen))
    averages: list[Tensor] = [*average.parameters()]
    values: list[Tensor] = [*network.parameters()]
    for averaged, value in zip(average.buffers(), network.buffers()):
        if averaged.is_floating_point():
            averages.append(averaged)
            values.append(value)
        else:
            averaged.copy_(value)
    torch._foreach_lerp_(averages, values, weight)


VARIANTS: dict[str, Callable[..., Iterator[None]]] = {"dcgan": dcgan, "wgan_gp": wgan_gp}
