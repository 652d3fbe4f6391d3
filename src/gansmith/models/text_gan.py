"""Pictures from captions in one stage, adversarially (DF-GAN: Tao et al., 2022, arXiv:2008.05865)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from gansmith.metrics.judge import check_fits
from gansmith.models.adversarial import Batch
from gansmith.models.caption_gan import CaptionGAN
from gansmith.models.prompts import Prompt
from gansmith.noise import latents_by_index
from gansmith.objectives.caption_similarity import CaptionSimilarity


class TextGAN(CaptionGAN):
    """A latent and a caption to a picture.

    Args:
        generator: modules `text`, captions to a Text, and `network`, (latent (n, d), pooled vectors) to pictures.
        discriminator: modules `text` and `network`.
        latent: d, the size of z ~ N(0, 1).
        similarity: of pictures to their captions, which the generator is to raise; None goes without.
        **judging: see `CaptionGAN`.
    """

    def __init__(
        self,
        generator: nn.ModuleDict,
        discriminator: nn.ModuleDict,
        latent: int,
        similarity: CaptionSimilarity | None = None,
        **judging: Any,
    ) -> None:
        super().__init__(generator, discriminator, **judging)
        self.latent, self.similarity = latent, similarity

    def on_fit_start(self) -> None:
        """An encoder that is not there, or reads other pictures, should stop a run before its first step."""
        super().on_fit_start()
        if self.similarity is not None:
            data: Any = self.trainer.datamodule  # type: ignore[attr-defined]
            check_fits(self.similarity.judge, "model.similarity.ckpt", data.channels, data.resolution)

    def generate(self, batch: Batch) -> Tensor:
        latent = self.noise.normal(len(batch["image"]), self.latent)
        return _drawn(self.generator, latent, batch["caption"])

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        return self.matching_terms(self.discriminator.network, batch["image"], self.fake(batch), self.read(batch))

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        fake = self.fake(batch)
        terms = {"adversarial": self.fooling_term(self.discriminator.network, fake, self.read(batch))}
        if self.similarity is not None:
            terms["similarity"] = self.similarity(fake, batch["caption"])
        return terms

    def stages(self, indices: Tensor, seed: int, prompt: Prompt = None, **conditions: Any) -> dict[str, Tensor]:
        """One, of which sample i has a latent of its own."""
        prompts = self.prompts(indices, prompt)
        latent = latents_by_index(indices, self.latent, seed).to(next(self.sampler.parameters()))
        return {"sample": _drawn(self.sampler, latent, prompts)}


def _drawn(generator: Any, latent: Tensor, captions: Sequence[str]) -> Tensor:
    return generator.network(latent, generator.text(captions).pooled)
