"""The alternation of generator and discriminator steps; a variant is its two losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from gansmith.errors import ConfigError
from gansmith.models.generative import Batch, GenerativeModel
from gansmith.objectives.penalties import Critic, Logits, Penalty

__all__ = ["AdversarialModel", "Batch"]


class AdversarialModel(GenerativeModel):
    """Base of all GANs: owns which side steps when.

    A variant sets `self.generator` and `self.discriminator` through the constructor (several networks
    of one side are one `nn.ModuleDict`) and overrides `discriminator_loss` and `generator_loss`, which
    get a batch with the fields of `needs` as tensors (pictures as floats in [-1, 1]) and return the
    terms of the loss by name.

    A step is one batch seen by the discriminator. Every `critic_steps`-th step the generator steps
    too. `trainer.global_step`, `trainer.max_steps` and all axes count these steps.

    Args:
        generator: network or ModuleDict of networks.
        discriminator: network or ModuleDict of networks.
        critic_steps: discriminator steps to one generator step (Arjovsky et al., 2017, algorithm 1).
        share_fakes: the two half steps of one batch use the same fakes, made once: those in which both
            sides step, and not with `accumulate`, where keeping all graphs would cost what it saves.
        penalty: regularisers of the discriminator by name.
        **steps: see `GenerativeModel`.

    Raises:
        ConfigError: a count below one, or a limit that is not positive.
    """

    sides: ClassVar[tuple[str, ...]] = ("discriminator", "generator")
    generator_first: ClassVar[bool] = False
    discriminator: nn.Module

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        critic_steps: int = 1,
        share_fakes: bool = False,
        penalty: Mapping[str, Penalty] | None = None,
        **steps: Any,
    ) -> None:
        super().__init__({"generator": generator, "discriminator": discriminator}, **steps)
        if critic_steps < 1:
            raise ConfigError(f"model.critic_steps is {critic_steps}; it counts from 1")
        self.critic_steps, self.share_fakes = critic_steps, share_fakes
        self.penalty = nn.ModuleDict(dict(penalty or {}))
        self._fakes_are_shared = False

    # What a variant says.

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        """Terms that the discriminator minimises, each a scalar."""
        raise NotImplementedError

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        """Terms that the generator minimises, each a scalar."""
        raise NotImplementedError

    def generate(self, batch: Batch) -> Tensor:
        """Fakes for `batch`, in [-1, 1]; random numbers come from `self.noise`."""
        raise NotImplementedError

    # What a variant uses.

    def fake(self, batch: Batch) -> Tensor:
        """The fakes of this half step: detached for the discriminator, with their graph for the generator."""
        for_generator = self.side == "generator"
        if "fake" not in batch or (for_generator and not batch["fake"].requires_grad):
            with torch.set_grad_enabled(for_generator or self._fakes_are_shared):
                batch["fake"] = self.generate(batch)
        return batch["fake"] if for_generator else batch["fake"].detach()

    @property
    def penalties(self) -> dict[str, Penalty]:
        """The regularisers of the discriminator, by name."""
        return dict(self.penalty.items())  # type: ignore[arg-type]

    def penalise(self, critic: Critic, real: Tensor, fake: Tensor, logits: Logits | None = None) -> dict[str, Tensor]:
        """The penalties that are due at this step, by name."""
        return {
            name: penalty(critic, real, fake, self.noise, logits)
            for name, penalty in self.penalties.items()
            if penalty.is_due(self.global_step)
        }

    # The alternation.

    def turns(self, step: int) -> tuple[str, ...]:
        order = tuple(reversed(self.sides)) if self.generator_first else self.sides
        return order if (step + 1) % self.critic_steps == 0 else ("discriminator",)

    @property
    def generator_interval(self) -> int:
        return self.critic_steps

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        both_step = len(self.turns(self.global_step)) == 2
        self._fakes_are_shared = self.share_fakes and both_step and self.accumulate == 1
        super().training_step(batch, batch_idx)

    def loss_terms(self, side: str, batch: Batch) -> dict[str, Tensor]:
        if not self._fakes_are_shared:
            batch.pop("fake", None)
        return self.discriminator_loss(batch) if side == "discriminator" else self.generator_loss(batch)

    def before_step(self) -> None:
        for penalty in self.penalties.values():
            penalty.at(self.images_seen)

    def after_half_step(self, side: str) -> None:
        if side == "discriminator":
            for penalty in self.penalties.values():
                penalty.after_step(self.discriminator)

    @contextmanager
    def stepping(self) -> Iterator[None]:
        """No gradients for the side that waits, except where its fakes are made for both half steps."""
        if self.side == "discriminator" and self._fakes_are_shared:
            yield
            return
        waiting = self.generator if self.side == "discriminator" else self.discriminator
        trainable = [parameter for parameter in waiting.parameters() if parameter.requires_grad]
        for parameter in trainable:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in trainable:
                parameter.requires_grad_(True)

    def compile_networks(self) -> None:
        """Compiles in place, so that names of weights stay; not what a penalty differentiates twice."""
        self._compile(("generator",) if self.penalty else self.sides)
