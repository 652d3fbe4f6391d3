"""Image-to-image translation with paired data (Isola et al., 2017, arXiv:1611.07004)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss
from torch.random import fork_rng

from gansmith.models.adversarial import Batch
from gansmith.models.translation import Translation, whole_multiples
from gansmith.networks.modes import evaluating
from gansmith.objectives.adversarial import AdversarialLoss


class Pix2Pix(Translation):
    """The discriminator judges a picture together with the source it was made from (equations 1, 3 and 4).

    Args:
        generator: source (n, c, h, w) to target (n, d, h, w).
        discriminator: source and picture, concatenated (n, c + d, h, w), to a map of logits.
        loss: what the two minimise. The discriminator's is halved, which slows it down (section 3.3).
        lambda_l1: λ of equation 4.
        stochastic: translate as in training, with dropout as the source of noise and the statistics of the
            picture itself (section 3.3); False for one answer to a source.
        **alternation: see `AdversarialModel`.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        loss: AdversarialLoss,
        lambda_l1: float = 100.0,
        stochastic: bool = False,
        **alternation: Any,
    ) -> None:
        super().__init__(generator, discriminator, **alternation)
        self.loss, self.lambda_l1, self.stochastic = loss, lambda_l1, stochastic

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        source, target, fake = batch["source"], batch["target"], self.fake(batch)
        real_logits, fake_logits = self.judge(source, target), self.judge(source, fake)
        self.observe("logits/real", real_logits)
        self.observe("logits/fake", fake_logits)
        adversarial = 0.5 * self.loss.discriminator(real_logits, fake_logits)
        # A picture's value is the mean over its patches, which the loss compares.
        penalties = self.penalise(lambda picture: self.judge(source, picture).flatten(1).mean(1), target, fake)
        return {"adversarial": adversarial, **penalties}

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        source, target, fake = batch["source"], batch["target"], self.fake(batch)
        real_logits = self.judge(source, target) if self.loss.needs_real else None
        adversarial = self.loss.generator(self.judge(source, fake), real_logits)
        return {"adversarial": adversarial, "l1": self.lambda_l1 * l1_loss(fake, target)}

    def judge(self, source: Tensor, picture: Tensor) -> Any:
        """What the discriminator says of `picture`, given `source`."""
        return self.discriminator(torch.cat([source, picture], 1))

    @torch.inference_mode()
    def translate(self, source: Tensor, direction: str = "forward", seed: int = 0) -> Tensor:
        """As `Translation.translate`; where `stochastic`, an output depends on its source and on `seed` alone."""
        if not self.stochastic:
            return super().translate(source, direction, seed)
        network = self.translator(direction)
        with as_in_training(network):
            return torch.cat([drawn(network, picture, seed) for picture in source.split(1)])


def drawn(network: nn.Module, picture: Tensor, seed: int) -> Tensor:
    """One output of a random network; the process's own random numbers go on as if nothing had been drawn."""
    kind = "cuda" if picture.device.type == "cpu" else picture.device.type
    devices = [] if picture.device.type == "cpu" else [picture.device.index or 0]
    with fork_rng(devices, device_type=kind):
        torch.manual_seed(seed)
        return whole_multiples(network, picture)


@contextmanager
def as_in_training(network: nn.Module) -> Iterator[None]:
    """Dropout and batch statistics, inside; modes and running statistics as they were behind it."""
    buffers = [(buffer, buffer.clone()) for buffer in network.buffers()]
    with evaluating(network):
        network.train()
        try:
            yield
        finally:
            for buffer, before in buffers:
                buffer.copy_(before)
