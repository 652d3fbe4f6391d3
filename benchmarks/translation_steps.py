"""Training steps of pix2pix, CycleGAN and SRGAN against loops written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import plain_translation
import torch
from framework import WARM_UP, Framework, moment
from timing import Row, Timed, in_turn
from torch import Tensor, nn

from gansmith.models.adversarial import AdversarialModel
from gansmith.noise import Noise
from gansmith.ranges import to_unit_range

OVERHEAD = 1.05
STEPS, BATCH = 6, 8
COMMANDS = {
    "pix2pix": ("model=pix2pix", "data=photos", "task=colorize"),
    "cyclegan": ("model=cyclegan", "data=photos", "task=denoise"),
    "srgan": ("model=srgan", "data=photos", "model.pretrain_steps=0"),
}


def rows(repeats: int, resolutions: tuple[int, ...], device: str) -> Iterator[Row]:
    """The step of src/train.py against that of a plain loop, with pairs that both derive in the same way."""
    for variant, overrides in COMMANDS.items():
        for resolution in resolutions:
            framework = Framework(
                *overrides, f"data.resolution={resolution}", f"data.batch_size={BATCH}", device=device
            )

            def ours(framework: Framework = framework) -> float:
                return framework.measure(STEPS).seconds / STEPS

            pairs = in_turn(ours, by_hand(framework, variant, device), repeats)
            place = device if device == "cuda" else f"{torch.get_num_threads()} threads"
            yield Row(f"{variant} {resolution} px, {place}", "plain loop", pairs, OVERHEAD)


def by_hand(framework: Framework, variant: str, device: str) -> Timed:
    """The plain loop on the framework's networks and pictures, already warm."""
    place = torch.device(device)
    steps = loop(framework.build().to(place), variant, derived(framework, place))
    for _ in range(WARM_UP):
        next(steps)

    def run() -> float:
        began = moment(place)
        for _ in range(STEPS):
            next(steps)
        return (moment(place) - began) / STEPS

    return run


def loop(model: AdversarialModel, variant: str, pairs: Iterator[tuple[Tensor, Tensor]]) -> Iterator[None]:
    """The plain loop of a variant on the networks of `model`."""
    networks: list[nn.Module | None] = [model.generator, model.discriminator, model.ema_generator]
    more = [model.perceptual] if variant == "srgan" else []
    plain: Callable[..., Iterator[None]] = getattr(plain_translation, variant)
    return plain(*networks, pairs, *more)


def derived(framework: Framework, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """Pairs without end, made as a loop by hand would make them."""
    stream, task = framework.data.train_dataloader(), framework.data.task
    assert task is not None
    for step in count():
        fields = {name: to_unit_range(value.to(device)) for name, value in stream.batch(step).items()}
        first = next(iter(fields.values()))
        with torch.no_grad():
            pair = task.derive(fields, Noise(step, len(first), 0, first.dtype, device))
        yield pair["source"], pair["target"]
