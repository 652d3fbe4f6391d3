"""Pictures from captions in one stage, adversarially (DF-GAN: Tao et al., 2022, arXiv:2008.05865)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from gansmith.augment.augment import Augment
from gansmith.models.adversarial import AdversarialModel, Batch
from gansmith.models.prompts import FromCaptions, Prompt
from gansmith.noise import latents_by_index
from gansmith.objectives.matching import MatchingHinge, MatchingPenalty, swapped


class TextGAN(FromCaptions, AdversarialModel):
    """The discriminator judges pairs of picture and caption: real, generated, and real with another's caption.

    Each side reads captions with an encoder of its own, so that neither learns to mislead the other's.

    Args:
        generator: modules `text`, captions to a Text, and `network`, (latent (n, d), pooled vectors) to pictures.
        discriminator: modules `text` and `network`, with `features` and `judgement` (see `MatchingDiscriminator`).
        latent: d, the size of z ~ N(0, 1).
        matching_penalty: of the discriminator at real pairs; None goes without.
        augment: what is done to pictures, real and generated, before the discriminator sees them.
        **alternation: see `AdversarialModel`.
    """

    discriminator: Any

    def __init__(
        self,
        generator: nn.ModuleDict,
        discriminator: nn.ModuleDict,
        latent: int,
        matching_penalty: MatchingPenalty | None = None,
        augment: Augment | None = None,
        **alternation: Any,
    ) -> None:
        super().__init__(generator, discriminator, **alternation)
        self.loss, self.latent, self.matching_penalty = MatchingHinge(), latent, matching_penalty
        self.augment = augment or Augment()

    def generate(self, batch: Batch) -> Tensor:
        latent = self.noise.normal(len(batch["image"]), self.latent)
        return _drawn(self.generator, latent, batch["caption"])

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        network, condition = self.discriminator.network, self._read(batch)
        real = network.features(self.augment(batch["image"], self.noise))
        fake = network.features(self.augment(self.fake(batch), self.noise))
        real_logits, fake_logits = network.judgement(real, condition), network.judgement(fake, condition)
        mismatched_logits = network.judgement(real, swapped(condition))
        self.observe("logits/real", real_logits)
        self.observe("logits/fake", fake_logits)
        self.observe("logits/mismatched", mismatched_logits)
        self.augment.watch(real_logits)
        terms = {"adversarial": self.loss.discriminator(real_logits, fake_logits, mismatched_logits)}
        if self.matching_penalty is not None and self.matching_penalty.is_due(self.global_step):
            terms["matching_penalty"] = self.matching_penalty(network, batch["image"], condition)
        return terms

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        seen = self.augment(self.fake(batch), self.noise)
        return {"adversarial": self.loss.generator(self.discriminator.network(seen, self._read(batch)))}

    def _read(self, batch: Batch) -> Tensor:
        """The discriminator's vectors (n, condition) of the captions."""
        return self.discriminator.text(batch["caption"]).pooled

    def before_step(self) -> None:
        super().before_step()
        self.augment.at(self.images_seen)

    def after_step(self) -> None:
        super().after_step()
        self.augment.after_step()

    def take_scalars(self) -> dict[str, float]:
        return super().take_scalars() | self.augment.scalars()

    def stages(self, indices: Tensor, seed: int, prompt: Prompt = None, **conditions: Any) -> dict[str, Tensor]:
        """One, of which sample i has a latent of its own."""
        prompts = self.prompts(indices, prompt)
        latent = latents_by_index(indices, self.latent, seed).to(next(self.sampler.parameters()))
        return {"sample": _drawn(self.sampler, latent, prompts)}


def _drawn(generator: Any, latent: Tensor, captions: Sequence[str]) -> Tensor:
    return generator.network(latent, generator.text(captions).pooled)
