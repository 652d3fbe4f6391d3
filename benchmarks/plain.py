"""The plainest training loop one would write by hand: what gansmith's overhead is measured against.

Networks, losses, optimizers, averages, data and the number of passes are those of the configs, and so are the
weights that come out at one learning rate. What makes a variant is in plain_recipes.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

HALF_LIFE, RAMP_UP = 20_000, 0.05
RATE = 2e-4  # of all optimizers; no speed depends on it


@dataclass(frozen=True)
class Numbers:
    """Random numbers from one generator."""

    generator: torch.Generator

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator, device=self.generator.device)

    def uniform(self, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self.generator, device=self.generator.device)


Draws = Callable[[int, str], torch.Generator]
"""The source of random numbers for a step (from 0) and a side."""

Batches = Iterable[tuple[Tensor, Tensor | None]]
"""Pictures uint8 (n, C, H, W), and labels (n,) where there are any."""

Penalty = Callable[[Callable[[Tensor], Tensor], Tensor, Tensor, Numbers], Tensor]
"""Of critic, real and fake pictures."""


ADAM = partial(Adam, betas=(0.5, 0.999))


@dataclass(frozen=True)
class Recipe:
    """What a variant puts into the loop.

    Args:
        loss_d: of logits for real and for fake pictures, and labels.
        loss_g: of logits for fake and, where `compares`, for real pictures, and labels.
        generate: of generator, rows, labels and random numbers.
        penalty: added to the discriminator's loss every `interval` steps, times these and `weight` at images seen.
        regularise: added to the generator's loss every `regularise_every` of its steps; keeps a mean between them.
        clip: where the critic's weights end.
        anneal: sets what an optimizer has at images seen.
        half_life: of the generator's average, in images, at images seen.
    """

    loss_d: Callable[[Tensor, Tensor, Tensor | None], Tensor]
    loss_g: Callable[[Tensor, Tensor | None, Tensor | None], Tensor]
    generate: Callable[[nn.Module, int, Tensor | None, Numbers], Tensor]
    optimizer: Callable[..., Optimizer] = ADAM
    critic_steps: int = 1
    shares_fakes: bool = False
    compares: bool = False
    labels: bool = False
    penalty: Penalty | None = None
    interval: int = 1
    weight: Callable[[int], float] = lambda images_seen: 1.0
    regularise: Callable[[nn.Module, Tensor, Numbers, Tensor], Tensor] | None = None
    regularise_every: int = 4
    clip: float | None = None
    anneal: Callable[[Optimizer, int], None] | None = None
    half_life: Callable[[int], float] = lambda images_seen: min(HALF_LIFE, RAMP_UP * images_seen)


def one_source(device: torch.device) -> Draws:
    """All numbers from one generator, as a loop by hand has it."""
    generator = torch.Generator(device)
    return lambda step, side: generator


def endless(images: Tensor, labels: Tensor | None, batch_size: int) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Batches of uint8 `images` (N, C, H, W), one permutation after another; the incomplete last one is dropped."""
    while True:
        for indices in torch.randperm(len(images)).split(batch_size):
            if len(indices) == batch_size:
                yield images[indices], None if labels is None else labels[indices]


def train(
    recipe: Recipe,
    generator: nn.Module,
    discriminator: nn.Module,
    average: nn.Module,
    batches: Batches,
    draws: Draws,
    freeze: bool = True,
) -> Iterator[None]:
    """Each `next` makes one step.

    Args:
        recipe: the variant's.
        generator: the variant's, on its device.
        discriminator: the same.
        average: a copy of the generator.
        batches: without end.
        draws: random numbers.
        freeze: no gradients for the discriminator's weights while the generator steps.
    """
    device = next(generator.parameters()).device
    optimizer_g = recipe.optimizer(generator.parameters(), lr=RATE)
    optimizer_d = recipe.optimizer(discriminator.parameters(), lr=RATE)
    path_mean = torch.zeros((), device=device)
    images_seen = 0
    for step, (image, label) in enumerate(batches):
        real = image.to(device).float().div_(127.5).sub_(1.0)
        label = label.to(device) if recipe.labels and label is not None else None
        critic = partial(discriminator, label=label)
        generator_steps = step % recipe.critic_steps == recipe.critic_steps - 1
        if recipe.anneal is not None:
            for optimizer in (optimizer_d, optimizer_g):
                recipe.anneal(optimizer, images_seen)

        numbers = Numbers(draws(step, "discriminator"))
        with torch.set_grad_enabled(recipe.shares_fakes and generator_steps):
            fake = recipe.generate(generator, len(real), label, numbers)
        optimizer_d.zero_grad()
        loss_d = recipe.loss_d(critic(real), critic(fake.detach()), label)
        if recipe.penalty is not None and step % recipe.interval == 0:
            penalty = recipe.penalty(critic, real, fake.detach(), numbers)
            loss_d = loss_d + recipe.interval * recipe.weight(images_seen) * penalty
        loss_d.backward()
        optimizer_d.step()
        if recipe.clip is not None:
            with torch.no_grad():
                for parameter in discriminator.parameters():
                    parameter.clamp_(-recipe.clip, recipe.clip)

        images_seen += len(real)
        if generator_steps:
            optimizer_g.zero_grad()
            discriminator.requires_grad_(not freeze)
            numbers = Numbers(draws(step, "generator"))
            if not recipe.shares_fakes:
                fake = recipe.generate(generator, len(real), label, numbers)
            real_logits = critic(real) if recipe.compares else None
            loss_g = recipe.loss_g(critic(fake), real_logits, label)
            if recipe.regularise is not None and step // recipe.critic_steps % recipe.regularise_every == 0:
                loss_g = loss_g + recipe.regularise_every * recipe.regularise(generator, real, numbers, path_mean)
            loss_g.backward()
            discriminator.requires_grad_(True)
            optimizer_g.step()
            update(average, generator, recipe.critic_steps * len(real), recipe.half_life(images_seen))
        yield


@torch.no_grad()
def update(average: nn.Module, network: nn.Module, images: int, half_life: float) -> None:
    """Exponential moving average of weights and running statistics."""
    averages: list[Tensor] = [*average.parameters()]
    values: list[Tensor] = [*network.parameters()]
    for averaged, value in zip(average.buffers(), network.buffers()):
        if averaged.is_floating_point():
            averages.append(averaged)
            values.append(value)
        else:
            averaged.copy_(value)
    torch._foreach_lerp_(averages, values, 1 - 0.5 ** (images / half_life))
