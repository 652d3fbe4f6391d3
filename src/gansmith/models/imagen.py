"""A cascade of diffusion models, from a caption to a small picture to larger ones (Imagen)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from torch import Tensor, nn

from gansmith.diffusion.drawing import Drawing, kept
from gansmith.diffusion.enlarging import Enlarging, reduced
from gansmith.errors import ConfigError
from gansmith.models.asked import CONDITIONS, Asked
from gansmith.models.checks import check_shares
from gansmith.models.generative import Batch
from gansmith.models.prompts import FromCaptions, Prompt


class Imagen(FromCaptions):
    """Saharia et al., 2022, arXiv:2205.11487: text-conditional diffusion at growing sides.

    The first network draws the smallest picture, each further one what the picture of the next side has beyond the
    enlarged one. Stages do not depend on each other in training, only in sampling.

    Args:
        generator: modules `text`, captions to a Text, and `to_S` for each side S of `resolutions`: (noisy, times, Text)
            and, but for the first, the enlarged picture and its level of noise, to predictions.
        resolutions: sides of the pictures, from small to large; the last is the data's.
        drawing: the first stage.
        enlarging: the others, which go without guidance.
        drop: share of the captions that training leaves empty, for classifier-free guidance (section 2.2).
        trains: those of `resolutions` whose networks train; None trains all.
        **steps: see `GenerativeModel`.

    Raises:
        ConfigError: resolutions that do not grow, a share outside [0, 1), one to train that is none of them.
    """

    conditions: ClassVar[tuple[str, ...]] = CONDITIONS

    def __init__(
        self,
        generator: nn.ModuleDict,
        resolutions: Sequence[int],
        drawing: Drawing,
        enlarging: Enlarging,
        drop: float = 0.1,
        trains: Sequence[int] | None = None,
        **steps: Any,
    ) -> None:
        super().__init__({"generator": generator}, **steps)
        check_resolutions(resolutions, trains)
        check_shares(drop=drop)
        self.resolutions, self.trains = list(resolutions), list(resolutions if trains is None else trains)
        self.drawing, self.enlarging, self.drop = drawing, enlarging, drop

    def loss_terms(self, side: str, batch: Batch) -> dict[str, Tensor]:
        image = batch["image"]
        check_side(image, self.resolutions)
        # The empty caption stands for none, whatever is dropped: choosing on the device waits for nothing.
        keep = kept(self.noise, len(image), self.drop, image)
        text = self.generator.text(batch["caption"]).where(keep, self.generator.text([""]))
        return {f"to_{size}": self._loss(size, image, text) for size in self.trains}

    def _loss(self, size: int, image: Tensor, text: Any) -> Tensor:
        network, clean = self.generator[f"to_{size}"], reduced(image, size)
        if size == self.resolutions[0]:
            return self.drawing.loss(network, clean, text, self.noise)
        below = self.resolutions[self.resolutions.index(size) - 1]
        return self.enlarging.loss(partial(network, text=text), clean, below, self.noise)

    def stages(self, indices: Tensor, seed: int, prompt: Prompt = None, **conditions: Any) -> dict[str, Tensor]:
        """`to_S` for each side; conditions are those of `Asked`."""
        asked, prompts, rows = Asked(**conditions), self.prompts(indices, prompt), len(indices)
        text, opposite = self.sampler.text(prompts), self.sampler.text([asked.negative] * rows)
        draws = self.draws_of(indices, seed)
        drawn: dict[str, Tensor] = {}
        for size in self.resolutions:
            network, known = self.sampler[f"to_{size}"], asked.known(size, rows, text.pooled)
            if not drawn:
                shape, steps = (rows, network.channels, size, size), asked.steps
                latest = self.drawing.sample(network, shape, text, opposite, draws, asked.guidance, known, steps)
            else:
                latest = self.enlarging.sample(partial(network, text=text), latest, size, draws, known, asked.steps)
            drawn[f"to_{size}"] = latest
        return drawn

    def trained_parts(self) -> list[str]:
        return [f"to_{size}" for size in self.trains]

    def enlarge(self, small: Tensor, indices: Tensor, seed: int, prompt: Prompt = None) -> Tensor:
        if len(self.resolutions) == 1:
            return super().enlarge(small, indices, seed, prompt)
        size, text = self.resolutions[-1], self.sampler.text(self.prompts(indices, prompt))
        network = partial(self.sampler[f"to_{size}"], text=text)
        return self.enlarging.sample(network, small, size, self.draws_of(indices, seed), level=0.0)


def check_resolutions(resolutions: Sequence[int], trains: Sequence[int] | None) -> None:
    """Raises ConfigError unless the sides grow, and `trains` is some of them."""
    if list(resolutions) != sorted(set(resolutions)) or not resolutions:
        raise ConfigError(f"model.resolutions is {list(resolutions)}; each is larger than the one before")
    if trains is not None and not trains:
        raise ConfigError(f"model.trains is empty; null trains all of {list(resolutions)}")
    if unknown := [size for size in trains or () if size not in resolutions]:
        raise ConfigError(f"model.trains has {unknown[0]}; model.resolutions are {list(resolutions)}")


def check_side(image: Tensor, resolutions: Sequence[int]) -> None:
    """Raises ConfigError unless pictures (n, C, S, S) have the largest of the sides."""
    if image.shape[-1] != resolutions[-1]:
        raise ConfigError(
            f"data.resolution={image.shape[-1]}, and model.resolutions={list(resolutions)} end at another: "
            "the last is the data's"
        )
