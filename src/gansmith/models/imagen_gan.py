"""Imagen's cascade, adversarially: a GAN draws a small picture from a caption, others enlarge it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from gansmith.diffusion.enlarging import enlarged, reduced
from gansmith.errors import ConfigError
from gansmith.models.adversarial import Batch
from gansmith.models.caption_gan import CaptionGAN
from gansmith.models.checks import check_not_negative
from gansmith.models.imagen import check_resolutions, check_side
from gansmith.models.prompts import Prompt
from gansmith.noise import Draws


class ImagenGAN(CaptionGAN):
    """The parts of Imagen (Saharia et al., 2022, arXiv:2205.11487) with the losses of a GAN.

    The first stage is DF-GAN (arXiv:2008.05865). Each further one is SRGAN (arXiv:1609.04802) that also reads the
    caption: it sees a small picture with noise of a known level, and adds what the larger one has beyond the enlarged
    one. In training the small pictures are real ones, so that stages do not depend on each other.

    Args:
        generator: modules `text`, captions to a Text, and `to_S` for each side S of `resolutions`: the first takes
            (latent (n, d), pooled vectors), the others (small pictures, levels of noise, pooled vectors).
        discriminator: modules `text` and `to_S`.
        resolutions: sides of the pictures, each twice the one before; the last is the data's.
        latent: d, the size of z ~ N(0, 1).
        level: deviation of the noise in small pictures when sampling; training draws it from 0 to twice that.
        pixel_weight: of the absolute error of larger pictures, beside a weight of 1 of the adversarial loss.
        trains: those of `resolutions` whose networks train; None trains all.
        **judging: see `CaptionGAN`.

    Raises:
        ConfigError: resolutions that do not double, a negative number, one to train that is none of them.
    """

    def __init__(
        self,
        generator: nn.ModuleDict,
        discriminator: nn.ModuleDict,
        resolutions: Sequence[int],
        latent: int,
        level: float = 0.1,
        pixel_weight: float = 10.0,
        trains: Sequence[int] | None = None,
        **judging: Any,
    ) -> None:
        super().__init__(generator, discriminator, **judging)
        check_resolutions(resolutions, trains)
        check_doubling(resolutions)
        check_not_negative(level=level, pixel_weight=pixel_weight)
        self.resolutions, self.trains = list(resolutions), list(resolutions if trains is None else trains)
        self.latent, self.level, self.pixel_weight = latent, level, pixel_weight

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        check_side(batch["image"], self.resolutions)
        condition, fakes = self.read(batch), self._fakes(batch)
        return {
            f"{term}_{size}": value
            for size in self.trains
            for term, value in self.matching_terms(
                self.discriminator[f"to_{size}"], reduced(batch["image"], size), fakes[size], condition, f"{size}/"
            ).items()
        }

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        condition, fakes = self.read(batch), self._fakes(batch)
        terms = {}
        for size in self.trains:
            terms[f"adversarial_{size}"] = self.fooling_term(self.discriminator[f"to_{size}"], fakes[size], condition)
            if size != self.resolutions[0]:
                terms[f"pixel_{size}"] = self.pixel_weight * l1_loss(fakes[size], reduced(batch["image"], size))
        return terms

    def _fakes(self, batch: Batch) -> dict[int, Tensor]:
        """Of each stage that trains, by its side; made anew for each half step."""
        with torch.set_grad_enabled(self.side == "generator"):
            condition = self.generator.text(batch["caption"]).pooled
            return {size: self._fake_of(size, batch["image"], condition) for size in self.trains}

    def _fake_of(self, size: int, real: Tensor, condition: Tensor) -> Tensor:
        network, rows = self.generator[f"to_{size}"], len(real)
        if size == self.resolutions[0]:
            return network(self.noise.normal(rows, self.latent), condition)
        level = 2 * self.level * self.noise.uniform(rows, 1).flatten()
        return enlarged_by(network, reduced(real, size // 2), level, condition, self.noise)

    def stages(self, indices: Tensor, seed: int, prompt: Prompt = None, **conditions: Any) -> dict[str, Tensor]:
        """`to_S` for each side; sample i has a latent and noise of its own."""
        condition = self.sampler.text(self.prompts(indices, prompt)).pooled
        draws = self.draws_of(indices, seed)
        first, *further = self.resolutions
        picture = self.sampler[f"to_{first}"](draws.normal(len(indices), self.latent), condition)
        drawn = {f"to_{first}": picture}
        for size in further:
            level = picture.new_full((len(indices),), self.level)
            picture = enlarged_by(self.sampler[f"to_{size}"], picture, level, condition, draws).clamp(-1, 1)
            drawn[f"to_{size}"] = picture
        return drawn

    def trained_parts(self) -> list[str]:
        return [f"to_{size}" for size in self.trains]

    def enlarge(self, small: Tensor, indices: Tensor, seed: int, prompt: Prompt = None) -> Tensor:
        if len(self.resolutions) == 1:
            return super().enlarge(small, indices, seed, prompt)
        condition = self.sampler.text(self.prompts(indices, prompt)).pooled
        network, level = self.sampler[f"to_{self.resolutions[-1]}"], small.new_zeros(len(small))
        return enlarged_by(network, small, level, condition, self.draws_of(indices, seed)).clamp(-1, 1)


def enlarged_by(network: nn.Module, small: Tensor, level: Tensor, condition: Tensor, draws: Draws) -> Tensor:
    """What a network makes of pictures (n, C, s, s) with noise of the deviations `level` (n,): (n, C, 2 s, 2 s)."""
    noisy = small + level[:, None, None, None] * draws.normal(*small.shape)
    added = network(noisy, level, condition)
    return enlarged(small, added.shape[-1]) + added


def check_doubling(resolutions: Sequence[int]) -> None:
    """Raises ConfigError unless each side is twice the one before."""
    if [2 * size for size in resolutions[:-1]] != list(resolutions[1:]):
        raise ConfigError(f"model.resolutions is {list(resolutions)}; each is twice the one before")
