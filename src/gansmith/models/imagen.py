"""A cascade of diffusion models, from a caption to a small picture to larger ones (Imagen)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.nn.functional import interpolate

from gansmith.diffusion.guidance import dynamic_threshold, guided
from gansmith.diffusion.loss import Denoiser, diffusion_loss
from gansmith.diffusion.sampler import Known, Sampler
from gansmith.diffusion.schedule import alpha_sigma
from gansmith.errors import ConfigError
from gansmith.models.generative import Batch
from gansmith.models.prompts import FromCaptions, Prompt
from gansmith.noise import NoiseByIndex


class Imagen(FromCaptions):
    """Saharia et al., 2022, arXiv:2205.11487: text-conditional diffusion at growing sides.

    The first network draws the smallest picture. Each further one draws what the picture of twice the side has beyond
    the enlarged one, which it sees with noise of a known level: noise conditioning augmentation (section 2.5). Stages
    do not depend on each other in training, only in sampling.

    Args:
        generator: modules `text`, captions to a Text, and `to_S` for each side S of `resolutions`: (noisy, times, Text)
            and, but for the first, the enlarged picture and its level of noise, to predictions.
        resolutions: sides of the pictures, from small to large; the last is the data's.
        drawing: how the first stage is sampled.
        enlarging: how the others are.
        drop: share of the captions that training leaves empty, for classifier-free guidance (section 2.2).
        guidance: weight w of sampling; 1 leaves it out. Enlarging goes without.
        threshold: share of values that dynamic thresholding leaves alone (section 2.3).
        level: time of the noise in the enlarged picture when sampling; training draws it from [0, 1).
        trains: those of `resolutions` whose networks train; None trains all.
        **steps: see `GenerativeModel`.

    Raises:
        ConfigError: resolutions that do not grow, a share outside [0, 1), one to train that is none of them.
    """

    conditions: ClassVar[tuple[str, ...]] = ("guidance", "negative", "steps", "picture", "strength", "mask")
    residual_scale: ClassVar[float] = 4.0
    """What a stage adds is small; times this, its variance is about that of the noise."""

    def __init__(
        self,
        generator: nn.ModuleDict,
        resolutions: Sequence[int],
        drawing: Sampler,
        enlarging: Sampler,
        drop: float = 0.1,
        guidance: float = 3.0,
        threshold: float = 0.95,
        level: float = 0.2,
        trains: Sequence[int] | None = None,
        **steps: Any,
    ) -> None:
        super().__init__({"generator": generator}, **steps)
        if list(resolutions) != sorted(set(resolutions)) or not resolutions:
            raise ConfigError(f"model.resolutions is {list(resolutions)}; each is larger than the one before")
        if unknown := [size for size in trains or () if size not in resolutions]:
            raise ConfigError(f"model.trains has {unknown[0]}; model.resolutions are {list(resolutions)}")
        for key, share in (("drop", drop), ("level", level)):
            if not 0 <= share < 1:
                raise ConfigError(f"model.{key} is {share}; it is from 0 on and below 1")
        self.resolutions, self.trains = list(resolutions), list(resolutions if trains is None else trains)
        self.drawing, self.enlarging = drawing, enlarging
        self.drop, self.guidance, self.threshold, self.noise_level = drop, guidance, threshold, level

    # Training.

    def loss_terms(self, side: str, batch: Batch) -> dict[str, Tensor]:
        image = batch["image"]
        if image.shape[-1] != self.resolutions[-1]:
            raise ConfigError(
                f"data.resolution={image.shape[-1]}, and model.resolutions={self.resolutions} end at another"
            )
        # The empty caption stands for none, whatever is dropped: choosing on the device waits for nothing.
        keep = self.noise.uniform(len(image), 1).flatten() >= self.drop
        text = self.generator.text(batch["caption"]).where(keep, self.generator.text([""]))
        return {f"to_{size}": self._loss(size, image, text) for size in self.trains}

    def _loss(self, size: int, image: Tensor, text: Any) -> Tensor:
        network, clean = self.generator[f"to_{size}"], reduced(image, size)
        if size == self.resolutions[0]:
            return diffusion_loss(
                lambda noisy, time: network(noisy, time, text),
                clean,
                self.drawing.schedule,
                self.drawing.kind,
                self.noise,
            )
        given = enlarged(reduced(image, self._below(size)), size)
        level = self.noise.uniform(len(image), 1).flatten()
        beside = self._hidden(given, level, self.noise.normal(len(image), *given.shape[1:]))
        return diffusion_loss(
            lambda noisy, time: network(noisy, time, text, beside=beside, level=level),
            self.residual_scale * (clean - given),
            self.enlarging.schedule,
            self.enlarging.kind,
            self.noise,
        )

    def _below(self, size: int) -> int:
        return self.resolutions[self.resolutions.index(size) - 1]

    def _hidden(self, given: Tensor, level: Tensor, noise: Tensor) -> Tensor:
        alpha, sigma = alpha_sigma(self.enlarging.schedule, level, given.ndim)
        return alpha * given + sigma * noise

    # Sampling.

    def stages(  # type: ignore[override]
        self,
        indices: Tensor,
        seed: int,
        prompt: Prompt = None,
        guidance: float | None = None,
        negative: str = "",
        steps: int | None = None,
        picture: Tensor | None = None,
        strength: float = 1.0,
        mask: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """`to_S` for each side.

        Args:
            guidance: w in place of the model's.
            negative: what guidance leads away from; the empty caption where nothing is said.
            steps: calls of each network, in place of the model's.
            picture: (n, C, S, S) or (1, C, S, S) in [-1, 1] at the largest side, to begin from.
            strength: as in `Known`.
            mask: (S, S), 1 where the picture is drawn anew.
        """
        prompts, like = self.prompts(indices, prompt), next(self.sampler.parameters())
        draws = NoiseByIndex(seed, indices, like.dtype, like.device)
        weight = self.guidance if guidance is None else guidance
        drawn: dict[str, Tensor] = {}
        for size in self.resolutions:
            known = None
            if picture is not None:
                small = reduced(picture.to(like), size).expand(len(indices), -1, -1, -1)
                part = None if mask is None else reduced(mask.to(like)[None, None], size)[0, 0]
                known = Known(small, strength, part)
            if not drawn:
                drawn[f"to_{size}"] = self._draw(size, prompts, negative, weight, draws, known, steps)
            else:
                below = list(drawn.values())[-1]
                drawn[f"to_{size}"] = self._enlarge(size, below, prompts, draws, known, steps)
        return drawn

    def _draw(
        self,
        size: int,
        prompts: list[str],
        negative: str,
        weight: float,
        draws: NoiseByIndex,
        known: Known | None,
        steps: int | None,
    ) -> Tensor:
        denoise = self._guided(self.sampler[f"to_{size}"], prompts, negative, weight)
        shape = (len(prompts), self._channels, size, size)
        clean = _with_steps(self.drawing, steps).sample(denoise, shape, draws, self._limit, known)
        return clean.clamp(-1, 1)

    def _guided(self, network: nn.Module, prompts: list[str], negative: str, weight: float) -> Denoiser:
        if weight == 1:
            text = self.sampler.text(prompts)
            return lambda noisy, time: network(noisy, time, text)
        both = self.sampler.text([*prompts, *[negative] * len(prompts)])

        def denoise(noisy: Tensor, time: Tensor) -> Tensor:
            conditional, unconditional = network(noisy.repeat(2, 1, 1, 1), time.repeat(2), both).chunk(2)
            return guided(conditional, unconditional, weight)

        return denoise

    def _enlarge(
        self,
        size: int,
        below: Tensor,
        prompts: list[str],
        draws: NoiseByIndex,
        known: Known | None,
        steps: int | None,
    ) -> Tensor:
        network, text = self.sampler[f"to_{size}"], self.sampler.text(prompts)
        given = enlarged(below, size)
        level = given.new_full((len(given),), self.noise_level)
        beside = self._hidden(given, level, draws.normal(*given.shape))
        if known is not None:
            known = replace(known, picture=self.residual_scale * (known.picture - given))
        added = _with_steps(self.enlarging, steps).sample(
            lambda noisy, time: network(noisy, time, text, beside=beside, level=level),
            tuple(given.shape),
            draws,
            lambda clean: self.residual_scale * ((given + clean / self.residual_scale).clamp(-1, 1) - given),
            known,
        )
        return (given + added / self.residual_scale).clamp(-1, 1)

    def _limit(self, clean: Tensor) -> Tensor:
        return dynamic_threshold(clean, self.threshold)

    @property
    def _channels(self) -> int:
        return self.sampler[f"to_{self.resolutions[0]}"].channels


def reduced(picture: Tensor, size: int) -> Tensor:
    """(n, C, S, S) to (n, C, size, size): means over squares."""
    return picture if picture.shape[-1] == size else interpolate(picture, (size, size), mode="area")


def enlarged(picture: Tensor, size: int) -> Tensor:
    """(n, C, s, s) to (n, C, size, size), bicubic."""
    return interpolate(picture, (size, size), mode="bicubic", align_corners=False)


def _with_steps(sampler: Sampler, steps: int | None) -> Sampler:
    return sampler if steps is None else replace(sampler, steps=steps)
