"""Translation between two domains without pairs (Zhu et al., 2017, arXiv:1703.10593)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from gansmith.errors import ConfigError
from gansmith.models.adversarial import Batch
from gansmith.models.image_pool import ImagePool
from gansmith.models.translation import ENDS, Translation
from gansmith.noise import Noise, mix_seed
from gansmith.objectives.adversarial import AdversarialLoss
from gansmith.training.distributed import all_gather, rank, world_size


class CycleGAN(Translation):
    """G and F translate between the domains X (source) and Y (target), and each undoes the other (equation 3).

    Both directions train in one run: `forward` is G: X -> Y, `reverse` is F: Y -> X.

    Args:
        generator: `to_target`, which is G, and `to_source`, which is F.
        discriminator: `target`, which is D_Y, and `source`, which is D_X; pictures to maps of logits.
        loss: what the two sides minimise. The discriminators' is halved (section 7.1).
        lambda_cycle: λ of equation 3.
        lambda_identity: weight of the identity loss (section 5.2) relative to the cycle's; 0 for none.
        pool_size: generated pictures of each direction that the discriminators see again (section 4).
            With `accumulate` the chunks come to the pool one after the other.
        **alternation: see `AdversarialModel`.
    """

    directions: ClassVar[tuple[str, ...]] = ("forward", "reverse")
    learns_from_pairs: ClassVar[bool] = False
    generator_first: ClassVar[bool] = True
    generator: nn.ModuleDict
    discriminator: nn.ModuleDict

    def __init__(
        self,
        generator: Mapping[str, nn.Module],
        discriminator: Mapping[str, nn.Module],
        loss: AdversarialLoss,
        lambda_cycle: float = 10.0,
        lambda_identity: float = 0.5,
        pool_size: int = 50,
        **alternation: Any,
    ) -> None:
        super().__init__(nn.ModuleDict(generator), nn.ModuleDict(discriminator), **alternation)
        self.loss, self.lambda_cycle, self.lambda_identity = loss, lambda_cycle, lambda_identity
        self.pools = {direction: ImagePool(pool_size) for direction in self.directions}

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        return self._generator_terms(batch, "forward") | self._generator_terms(batch, "reverse")

    def _generator_terms(self, batch: Batch, direction: str) -> dict[str, Tensor]:
        start, end = ENDS[direction]
        there, back, critic = self.generator[f"to_{end}"], self.generator[f"to_{start}"], self.discriminator[end]
        fake = self.fake(batch, direction)
        real_logits = critic(batch[end]) if self.loss.needs_real else None
        terms = {
            f"adversarial_{direction}": self.loss.generator(critic(fake), real_logits),
            f"cycle_{direction}": self.lambda_cycle * l1_loss(back(fake), batch[start]),
        }
        if self.lambda_identity:
            identity = l1_loss(there(batch[end]), batch[end])
            terms[f"identity_{direction}"] = self.lambda_identity * self.lambda_cycle * identity
        return terms

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        return self._discriminator_terms(batch, "forward") | self._discriminator_terms(batch, "reverse")

    def _discriminator_terms(self, batch: Batch, direction: str) -> dict[str, Tensor]:
        _, end = ENDS[direction]
        critic, real = self.discriminator[end], batch[end]
        fake = self._from_pool(self.fake(batch, direction), direction)
        real_logits, fake_logits = critic(real), critic(fake)
        self.observe(f"logits/real_{direction}", real_logits)
        self.observe(f"logits/fake_{direction}", fake_logits)
        # A picture's value is the mean over its patches, which the loss compares.
        penalties = self.penalise(lambda picture: critic(picture).flatten(1).mean(1), real, fake)
        return {
            f"adversarial_{direction}": 0.5 * self.loss.discriminator(real_logits, fake_logits),
            **{f"{name}_{direction}": value for name, value in penalties.items()},
        }

    def generate(self, batch: Batch, direction: str = "forward") -> Tensor:
        start, end = ENDS[direction]
        return self.generator[f"to_{end}"](batch[start])

    def fake(self, batch: Batch, direction: str = "forward") -> Tensor:
        """As `AdversarialModel.fake`, of one direction; where both sides step, the generators made them first."""
        fakes = batch.setdefault("fake", {})
        for_generator = self.side == "generator"
        if direction not in fakes:
            with torch.set_grad_enabled(for_generator):
                fakes[direction] = self.generate(batch, direction)
        return fakes[direction] if for_generator else fakes[direction].detach()

    def _from_pool(self, fake: Tensor, direction: str) -> Tensor:
        """What the pool shows for this rank's fakes; all ranks keep the same pool, that of the whole batch."""
        total, ranks, rows = self.noise.total, world_size(), len(fake)
        seed = mix_seed(self.seed, self.global_step, "pool", direction)
        draws = Noise(seed, total, 0, torch.float64).uniform(total, 2).unflatten(0, (ranks, -1))
        first = self.noise.start % draws.shape[1]
        shown = self.pools[direction].exchange(all_gather(fake), draws[:, first : first + rows].flatten(0, 1))
        return shown[rank() * rows :][:rows]

    def check_batch(self, batch: Batch) -> None:
        super().check_batch(batch)
        source, target = (batch[end].shape[1] for end in ENDS["forward"])
        if self.lambda_identity and source != target:
            raise ConfigError(
                f"model.lambda_identity={self.lambda_identity} needs domains of one kind, and these have {source} "
                f"and {target} channels; take model.lambda_identity=0"
            )

    def part(self, generator: nn.Module, direction: str) -> nn.Module:
        _, end = ENDS[direction]
        return generator[f"to_{end}"]  # type: ignore[index]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["pools"] = {direction: pool.state() for direction, pool in self.pools.items()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        for direction, pool in self.pools.items():
            pool.restore(checkpoint["pools"][direction], self.trainer.strategy.root_device)
