"""What GANs have in common that draw what captions say: pairs of picture and caption are judged."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from gansmith.augment.augment import Augment
from gansmith.errors import ConfigError
from gansmith.models.adversarial import AdversarialModel, Batch
from gansmith.models.prompts import FromCaptions
from gansmith.objectives.matching import MatchingHinge, MatchingPenalty, swapped
from gansmith.training.distributed import world_size


class CaptionGAN(FromCaptions, AdversarialModel):
    """The discriminator judges three kinds of pairs: real, generated, and real with another's caption.

    Each side reads captions with an encoder of its own, so that neither learns to mislead the other's.

    Args:
        generator: a module `text`, captions to a Text, beside those that draw.
        discriminator: a module `text`, and critics with `features` and `judgement` (see `MatchingDiscriminator`).
        matching_penalty: of critics at real pairs; None goes without.
        augment: what is done to pictures, real and generated, before critics see them.
        **alternation: see `AdversarialModel`.
    """

    generator: Any
    discriminator: Any

    def __init__(
        self,
        generator: nn.ModuleDict,
        discriminator: nn.ModuleDict,
        matching_penalty: MatchingPenalty | None = None,
        augment: Augment | None = None,
        **alternation: Any,
    ) -> None:
        super().__init__(generator, discriminator, **alternation)
        self.loss, self.matching_penalty, self.augment = MatchingHinge(), matching_penalty, augment or Augment()

    def read(self, batch: Batch) -> Tensor:
        """The discriminator's vectors (n, condition) of the captions."""
        return self.discriminator.text(batch["caption"]).pooled

    def matching_terms(
        self, critic: Any, real: Tensor, fake: Tensor, condition: Tensor, part: str = ""
    ) -> dict[str, Tensor]:
        """What a critic minimises: `adversarial` and, at some steps, `matching_penalty`.

        Args:
            real, fake: (n, C, S, S) in [-1, 1].
            condition: (n, condition), of the real pictures and of the generated ones.
            part: before the names of its logits, where there are several.
        """
        features = critic.features(self.augment(real, self.noise))
        fake_features = critic.features(self.augment(fake, self.noise))
        real_logits, fake_logits = critic.judgement(features, condition), critic.judgement(fake_features, condition)
        mismatched_logits = critic.judgement(features, swapped(condition))
        self.observe(f"logits/{part}real", real_logits)
        self.observe(f"logits/{part}fake", fake_logits)
        self.observe(f"logits/{part}mismatched", mismatched_logits)
        self.augment.watch(real_logits)
        adversarial = self.loss.discriminator(real_logits, fake_logits, mismatched_logits)
        return {"adversarial": adversarial, **self.penalty_terms(critic, real, condition)}

    def penalty_terms(self, critic: Any, real: Tensor, condition: Tensor, part: str = "") -> dict[str, Tensor]:
        """`matching_penalty` of a critic at real pairs, where it is due; `part` goes before its name."""
        if self.matching_penalty is None or not self.matching_penalty.is_due(self.global_step):
            return {}
        return {f"{part}matching_penalty": self.matching_penalty(critic, real, condition)}

    def fooling_term(self, critic: Any, fake: Tensor, condition: Tensor) -> Tensor:
        """What the generator minimises against a critic, a scalar; arguments as of `matching_terms`."""
        return self.loss.generator(critic(self.augment(fake, self.noise), condition))

    def _chunks(self, batch: Batch, rows: int) -> list[Batch]:
        if rows == self.accumulate and rows * world_size() > 1:
            raise ConfigError(
                "captions are swapped in pairs, and a part of the batch has 1: more pictures in data.batch_size, or "
                "fewer chunks in model.accumulate"
            )
        return super()._chunks(batch, rows)

    def compile_networks(self) -> None:
        """As `AdversarialModel.compile_networks`; the penalty of matching differentiates the discriminator twice."""
        self._compile(("generator",) if self.matching_penalty or self.penalty else self.sides)

    def before_step(self) -> None:
        super().before_step()
        self.augment.at(self.images_seen)

    def after_step(self) -> None:
        super().after_step()
        self.augment.after_step()

    def take_scalars(self) -> dict[str, float]:
        return super().take_scalars() | self.augment.scalars()
