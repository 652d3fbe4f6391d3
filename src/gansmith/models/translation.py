"""Base of the models that make a picture from a picture."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from gansmith.errors import ConfigError
from gansmith.models.adversarial import AdversarialModel, Batch
from gansmith.networks.known import load_known
from gansmith.networks.modes import evaluating

ENDS = {"forward": ("source", "target"), "reverse": ("target", "source")}
"""Where a direction starts and ends."""


class Translation(AdversarialModel):
    """`source` to `target`; arguments as for `AdversarialModel`.

    A generator network has two attributes: `multiple`, which divides the sides of every input that it takes,
    and `scale`, the side of its output by that of its input.
    """

    needs: ClassVar[tuple[str, ...]] = ("source", "target")
    directions: ClassVar[tuple[str, ...]] = ("forward",)
    """`forward` makes targets of sources; models that also have `reverse` make sources of targets."""
    learns_from_pairs: ClassVar[bool] = True
    """Whether the source and the target of a row have to belong together."""

    def check_batch(self, batch: Batch) -> None:
        """Raises ConfigError where the pictures of a training batch do not suit the networks."""
        for direction in self.directions:
            start, end = (tuple(batch[field].shape[-2:]) for field in ENDS[direction])
            check_sides(self.name, self.part(self.generator, direction), start, end)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        self.check_batch(batch)

    def generate(self, batch: Batch) -> Tensor:
        return self.generator(batch["source"])

    def part(self, generator: nn.Module, direction: str) -> nn.Module:
        """The network of `generator` (the one that trains, or its average) that translates in this direction."""
        return generator

    def translator(self, direction: str) -> nn.Module:
        """The network that samples in this direction."""
        return self.part(self.sampler, direction)

    def start_from(self, path: str, direction: str = "forward") -> None:
        """Begins with the weights of a file, a known one or a checkpoint (`networks.known.load_known`).

        Raises:
            WeightsError: the file can't be read, or holds another network.
        """
        network = self.part(self.generator, direction)
        part = next(name for name, module in self.generator.named_modules() if module is network)
        load_known(network, path, part)
        if self.ema_generator is not None:
            self.part(self.ema_generator, direction).load_state_dict(network.state_dict())

    @torch.inference_mode()
    def translate(self, source: Tensor, direction: str = "forward", seed: int = 0) -> Tensor:
        """Outputs (n, c, scale * h, scale * w) for sources (n, c, h, w) of any size, in [-1, 1]; in eval mode.

        `seed` is that of models whose output is random.
        """
        network = self.translator(direction)
        with evaluating(network):
            return whole_multiples(network, source)


def check_sides(name: str, network: Any, start: tuple[int, ...], end: tuple[int, ...]) -> None:
    """Raises ConfigError unless the network takes pictures of height and width `start` and makes them of `end`."""
    made = tuple(side * network.scale for side in start)
    if end != made:
        fitting = f"task.scale={network.scale} fits" if network.scale > 1 else "a task without a scale fits"
        raise ConfigError(
            f"task.scale: model={name} makes {made[0]}x{made[1]} of {start[0]}x{start[1]}, and {end[0]}x{end[1]} is "
            f"wanted; {fitting}, and model=srgan takes any scale"
        )
    if any(side % network.multiple for side in start):
        raise ConfigError(
            f"data.resolution: model={name} takes sides that are multiples of {network.multiple}, and gets "
            f"{start[0]}x{start[1]}"
        )


def whole_multiples(network: Any, source: Tensor) -> Tensor:
    """The network's output for a source of any size: mirrored at its right and lower edge, and cut again."""
    height, width = source.shape[-2:]
    below, beside = -height % network.multiple, -width % network.multiple
    # A mirror image is no larger than what it mirrors.
    mode = "reflect" if below < height and beside < width else "replicate"
    output = network(pad(source, (0, beside, 0, below), mode=mode))
    return output[..., : height * network.scale, : width * network.scale]
