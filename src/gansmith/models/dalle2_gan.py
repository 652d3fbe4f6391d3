"""The three parts of DALL-E 2, adversarially."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, l1_loss

from gansmith.diffusion.drawing import kept
from gansmith.diffusion.enlarging import enlarged, reduced
from gansmith.models.adversarial import Batch
from gansmith.models.caption_gan import CaptionGAN
from gansmith.models.checks import check_not_negative, check_shares
from gansmith.models.dalle2 import check_pair, parts_of
from gansmith.models.imagen import check_side
from gansmith.models.imagen_gan import check_doubling, enlarged_by
from gansmith.models.prompts import Prompt
from gansmith.models.with_encoder import WithEncoder, scaled
from gansmith.noise import Draws
from gansmith.objectives.matching import swapped


class DALLE2GAN(WithEncoder, CaptionGAN):
    """Prior, decoder and upsampler of Ramesh et al. (2022, arXiv:2204.06125), each with a critic.

    The first steps teach a dual encoder (see `WithEncoder`). Then the prior, a conditional GAN, learns the embeddings
    that pictures of a caption have; the decoder, DF-GAN (arXiv:2008.05865), draws a picture half as large from its
    embedding and its caption, which is left out for some; the upsampler, SRGAN (arXiv:1609.04802), enlarges it and
    knows the embedding.

    Args:
        generator: modules `encoder`, `text`, `prior`, (latent, captions' vectors) to embeddings, `decoder`, (latent,
            embeddings and captions' vectors side by side) to pictures, and `upsampler`, (pictures, levels of noise,
            embeddings) to what larger pictures have beyond.
        discriminator: modules `text`, `prior`, `decoder` and `upsampler`, which take pairs of the same.
        resolutions: sides of what decoder and upsampler draw; the second is twice the first, and the data's.
        latent: size of the decoder's z ~ N(0, 1).
        drop_caption: share of the pictures that the decoder draws from their embedding alone.
        prior_weight: of 1 - cos between a caption's generated embedding and its picture's, beside the adversarial loss.
        similarity_weight: of 1 - cos between the embeddings of a small picture and of the one drawn in its place.
        pixel_weight: of the upsampler's absolute error.
        level: deviation of the noise in small pictures when sampling; training draws it from 0 to twice that.
        trains: some of prior, decoder and upsampler; None trains all. They do not depend on each other in training.
        **judging: see `CaptionGAN` and `WithEncoder`.

    Raises:
        ConfigError: resolutions that are not two or do not double, a negative number, a share outside [0, 1), or a
            part that there is not.
    """

    def __init__(
        self,
        generator: nn.ModuleDict,
        discriminator: nn.ModuleDict,
        resolutions: Sequence[int],
        latent: int,
        drop_caption: float = 0.5,
        prior_weight: float = 1.0,
        similarity_weight: float = 1.0,
        pixel_weight: float = 10.0,
        level: float = 0.1,
        trains: Sequence[str] | None = None,
        **judging: Any,
    ) -> None:
        super().__init__(generator, discriminator, **judging)
        check_pair(resolutions)
        check_doubling(resolutions)
        weights = {"prior_weight": prior_weight, "similarity_weight": similarity_weight, "pixel_weight": pixel_weight}
        check_not_negative(**weights, level=level)
        check_shares(drop_caption=drop_caption)
        self.resolutions, self.trains = list(resolutions), parts_of(trains)
        self.latent, self.drop_caption, self.level = latent, drop_caption, level
        self.prior_weight, self.similarity_weight, self.pixel_weight = prior_weight, similarity_weight, pixel_weight

    # Training.

    def turns(self, step: int) -> tuple[str, ...]:
        return ("generator",) if self.teaches_at(step) else super().turns(step)

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        check_side(batch["image"], self.resolutions)
        if self.teaches_encoder:
            return self.contrastive_term(batch)
        embedding = self.embedded(batch["image"])
        fool = {"prior": self._fool_prior, "decoder": self._fool_decoder, "upsampler": self._fool_upsampler}
        return {name: value for part in self.trains for name, value in fool[part](batch, embedding).items()}

    def _fool_prior(self, batch: Batch, embedding: Tensor) -> dict[str, Tensor]:
        fake = self._foreseen(batch)
        return {
            "prior": self.loss.generator(self.discriminator.prior(fake, self.read(batch))),
            "prior_likeness": self.prior_weight * (1 - cosine_similarity(fake, embedding).mean()),
        }

    def _fool_decoder(self, batch: Batch, embedding: Tensor) -> dict[str, Tensor]:
        real = batch["image"]
        fake, keep = self._decoded(batch, embedding)
        shown = beside(embedding, self.read(batch), keep, self.discriminator.text)
        # Enlarged pictures against enlarged ones: what a small picture lacks is not the decoder's to make up.
        small = enlarged(reduced(real, self.resolutions[0]), real.shape[-1])
        drawn, wanted = self.generator.encoder.image(enlarged(fake, real.shape[-1])), self.embedded(small)
        return {
            "decoder": self.fooling_term(self.discriminator.decoder, fake, shown),
            "decoder_likeness": self.similarity_weight * (1 - cosine_similarity(drawn, wanted).mean()),
        }

    def _fool_upsampler(self, batch: Batch, embedding: Tensor) -> dict[str, Tensor]:
        fake = self._enlarged(batch, embedding)
        return {
            "upsampler": self.fooling_term(self.discriminator.upsampler, fake, embedding),
            "upsampler_pixel": self.pixel_weight * l1_loss(fake, batch["image"]),
        }

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        check_side(batch["image"], self.resolutions)
        embedding = self.embedded(batch["image"])
        judge = {"prior": self._judge_prior, "decoder": self._judge_decoder, "upsampler": self._judge_upsampler}
        return {name: value for part in self.trains for name, value in judge[part](batch, embedding).items()}

    def _judge_prior(self, batch: Batch, embedding: Tensor) -> dict[str, Tensor]:
        critic, condition = self.discriminator.prior, self.read(batch)
        with torch.no_grad():
            fake = self._foreseen(batch)
        pairs = ((embedding, condition), (fake, condition), (embedding, swapped(condition)))
        adversarial = self.loss.discriminator(*(critic(*pair) for pair in pairs))
        return {"prior": adversarial, **self.penalty_terms(critic, embedding, condition, "prior_")}

    def _judge_decoder(self, batch: Batch, embedding: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            fake, keep = self._decoded(batch, embedding)
        shown = beside(embedding, self.read(batch), keep, self.discriminator.text)
        small = reduced(batch["image"], self.resolutions[0])
        terms = self.matching_terms(self.discriminator.decoder, small, fake, shown, "decoder/")
        return {f"decoder_{term}": value for term, value in terms.items()}

    def _judge_upsampler(self, batch: Batch, embedding: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            fake = self._enlarged(batch, embedding)
        terms = self.matching_terms(self.discriminator.upsampler, batch["image"], fake, embedding, "upsampler/")
        return {f"upsampler_{term}": value for term, value in terms.items()}

    # What each part makes of what real pictures would give it.

    def _foreseen(self, batch: Batch) -> Tensor:
        latent = self.noise.normal(len(batch["image"]), self.generator.prior.latent)
        return self.generator.prior(latent, self.generator.text(batch["caption"]).pooled)

    def _decoded(self, batch: Batch, embedding: Tensor) -> tuple[Tensor, Tensor]:
        """Small pictures, and which of them have seen their caption."""
        parts, rows = self.generator, len(embedding)
        keep = kept(self.noise, rows, self.drop_caption, embedding)
        shown = beside(embedding, parts.text(batch["caption"]).pooled, keep, parts.text)
        return parts.decoder(self.noise.normal(rows, self.latent), shown), keep

    def _enlarged(self, batch: Batch, embedding: Tensor) -> Tensor:
        level = 2 * self.level * self.noise.uniform(len(embedding), 1).flatten()
        small = reduced(batch["image"], self.resolutions[0])
        return enlarged_by(self.generator.upsampler, small, level, embedding, self.noise)

    # Sampling.

    def trained_parts(self) -> list[str]:
        return self.trains

    def stages(self, indices: Tensor, seed: int, prompt: Prompt = None, **conditions: Any) -> dict[str, Tensor]:
        """`decoder` and `upsampler`; sample i has latents and noise of its own."""
        parts, prompts = self.sampler, self.prompts(indices, prompt)
        draws = self.draws_of(indices, seed)
        condition = parts.text(prompts).pooled
        embedding = parts.prior(draws.normal(len(indices), parts.prior.latent), condition)
        return self._draw(embedding, condition, draws)

    def from_embedding(
        self, embedding: Tensor, indices: Tensor, seed: int, prompt: Prompt = "", **conditions: Any
    ) -> dict[str, Tensor]:
        """As `stages`, from embeddings (n, d) of length 1 in place of the prior's."""
        condition = self.sampler.text(self.prompts(indices, prompt)).pooled
        return self._draw(scaled(embedding.to(condition)), condition, self.draws_of(indices, seed))

    def enlarge(self, small: Tensor, indices: Tensor, seed: int, prompt: Prompt = None) -> Tensor:
        """As `FromCaptions.enlarge`; the embedding is that of the small picture, enlarged."""
        embedding = scaled(self.sampler.encoder.image(enlarged(small, self.resolutions[1])))
        draws, level = self.draws_of(indices, seed), small.new_zeros(len(small))
        return enlarged_by(self.sampler.upsampler, small, level, embedding, draws).clamp(-1, 1)

    def _draw(self, embedding: Tensor, condition: Tensor, draws: Draws) -> dict[str, Tensor]:
        rows, parts = len(embedding), self.sampler
        decoded = parts.decoder(draws.normal(rows, self.latent), torch.cat([embedding, condition], dim=1))
        level = decoded.new_full((rows,), self.level)
        larger = enlarged_by(parts.upsampler, decoded, level, embedding, draws)
        return {"decoder": decoded, "upsampler": larger.clamp(-1, 1)}


def beside(embedding: Tensor, condition: Tensor, keep: Tensor, text: nn.Module) -> Tensor:
    """Embeddings (n, d) and captions' vectors (n, c) in one row, the empty caption's where `keep` (n,) is False."""
    return torch.cat([embedding, torch.where(keep[:, None], condition, text([""]).pooled)], dim=1)
