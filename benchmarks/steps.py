"""Training steps: gansmith against a loop written by hand, and each of its switches on against off."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import torch
from framework import WARM_UP, Framework, moment
from plain import endless, one_source, train
from plain_recipes import RECIPES
from timing import Row, Timed, in_turn

from gansmith.training.ema import update_average

OVERHEAD, WAIT = 1.05, 0.02
VARIANTS = ("dcgan", "wgan_gp")
FUSED = [f"+model.optimizer.{side}.fused=true" for side in ("generator", "discriminator")]
SWITCHES = (
    ("dcgan", "channels_last", ["trainer.channels_last=true"], "contiguous"),
    ("wgan_gp", "channels_last", ["trainer.channels_last=true"], "contiguous"),
    ("dcgan", "fused Adam", FUSED, "Adam"),
    ("dcgan", "fakes made twice", ["model.share_fakes=false"], "made once"),
    ("wgan_gp", "penalty every 4 steps", ["model.penalty.gradient_penalty.interval=4"], "every step"),
)


@dataclass(frozen=True)
class Effort:
    """How much is measured; WGAN-GP's five critic steps ask for multiples of five."""

    repeats: int
    small_steps: int
    large_steps: int

    def steps(self, resolution: int) -> int:
        return self.small_steps if resolution <= 32 else self.large_steps


def rows(effort: Effort, threads: list[int], device: str) -> Iterator[Row]:
    """All rows; the switches at 32 px with the first number of threads."""
    for count in threads:
        torch.set_num_threads(count)
        for variant in VARIANTS:
            for resolution in (32, 64):
                yield from against_plain(variant, resolution, effort, device)
    torch.set_num_threads(threads[0])
    for variant, on, overrides, off in SWITCHES:
        pairs = in_turn(
            _trained(effort, device, f"model={variant}", *overrides),
            _trained(effort, device, f"model={variant}"),
            effort.repeats,
        )
        yield Row(f"{variant}, {on}", off, pairs)
    yield waiting_critic(effort, device)
    yield average(effort, device)


def against_plain(variant: str, resolution: int, effort: Effort, device: str) -> Iterator[Row]:
    """The step of src/train.py against that of a plain loop, and the share of it that waits for data."""
    steps = effort.steps(resolution)
    framework = Framework(f"model={variant}", f"data.resolution={resolution}", device=device)
    stretches = []

    def ours() -> float:
        stretches.append(framework.measure(steps))
        return stretches[-1].seconds / steps

    pairs = in_turn(ours, by_hand(framework, variant, steps, device), effort.repeats)
    name = f"{variant} {resolution} px, " + (device if device == "cuda" else threads_in_words(torch.get_num_threads()))
    yield Row(name, "plain loop", pairs, OVERHEAD)
    yield Row(f"{name}: wait for data", "step", [(s.waited / steps, s.seconds / steps) for s in stretches], WAIT)


def waiting_critic(effort: Effort, device: str) -> Row:
    """What gansmith does without being asked and loops by hand often don't: no gradients for the side that waits."""
    framework = Framework("model=dcgan", device=device)
    freezing = by_hand(framework, "dcgan", effort.small_steps, device)
    computing = by_hand(framework, "dcgan", effort.small_steps, device, freeze=False)
    return Row("plain loop, waiting critic frozen", "not frozen", in_turn(freezing, computing, effort.repeats))


def average(effort: Effort, device: str) -> Row:
    """The average's update in one call against one a tensor."""
    model = Framework("model=dcgan", device=device).build().to(device)
    ours, network = deepcopy(model.generator), model.generator
    calls = 20

    @torch.no_grad()
    def a_call_a_tensor() -> None:
        for averaged, value in zip(ours.state_dict().values(), network.state_dict().values()):
            if averaged.is_floating_point():
                averaged.lerp_(value, 0.01)
            else:
                averaged.copy_(value)

    def timed(update: object) -> Timed:
        def run() -> float:
            began = moment(torch.device(device))
            for _ in range(calls):
                update()  # type: ignore[operator]
            return (moment(torch.device(device)) - began) / calls

        return run

    one_call = timed(lambda: update_average(ours, network, 0.99))
    return Row("average in one call", "a call a tensor", in_turn(one_call, timed(a_call_a_tensor), effort.repeats))


def threads_in_words(count: int) -> str:
    return f"{count} thread{'s' * (count > 1)}"


def _trained(effort: Effort, device: str, *overrides: str) -> Timed:
    framework = Framework(*overrides, device=device)
    return lambda: framework.measure(effort.small_steps).seconds / effort.small_steps


def by_hand(framework: Framework, variant: str, steps: int, device: str, freeze: bool = True) -> Timed:
    """The plain loop on the framework's networks and pictures, already warm."""
    place = torch.device(device)
    model = framework.build()
    assert model.ema_generator is not None
    generator, discriminator, average = (
        network.to(place) for network in (model.generator, model.discriminator, model.ema_generator)
    )
    batches = endless(framework.data.train.images, framework.data.train.labels, framework.config.data.batch_size)
    loop = train(RECIPES[variant], generator, discriminator, average, batches, one_source(place), freeze)
    for _ in range(WARM_UP):
        next(loop)

    def run() -> float:
        began = moment(place)
        for _ in range(steps):
            next(loop)
        return (moment(place) - began) / steps

    return run
