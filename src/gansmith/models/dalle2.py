"""From a caption to an embedding of a picture, and from that to the picture: DALL-E 2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from gansmith.diffusion.drawing import Drawing, kept, with_guidance, with_steps
from gansmith.diffusion.enlarging import Enlarging, reduced
from gansmith.diffusion.loss import diffusion_loss
from gansmith.diffusion.sampler import Sampler
from gansmith.errors import ConfigError
from gansmith.models.asked import CONDITIONS, Asked
from gansmith.models.checks import check_shares
from gansmith.models.generative import Batch
from gansmith.models.imagen import check_resolutions, check_side
from gansmith.models.prompts import Prompt
from gansmith.models.with_encoder import WithEncoder, scaled
from gansmith.networks.text.text import Text
from gansmith.networks.unclip import Shown
from gansmith.noise import Draws

PARTS = ("prior", "decoder", "upsampler")


@dataclass(frozen=True)
class Foreseeing:
    """How the prior is sampled: several embeddings, of which that most like the caption's is taken (section 2.2).

    Args:
        sampler: of a network that predicts the embedding itself: `kind` is clean.
        candidates: how many; two in the paper.
        guidance: weight of the caption, as of `Drawing`; 1 leaves it out.

    Raises:
        ConfigError: another kind, or no candidates.
    """

    sampler: Sampler
    candidates: int = 2
    guidance: float = 1.0

    def __post_init__(self) -> None:
        if self.sampler.kind != "clean" or self.candidates < 1:
            raise ConfigError("model.foreseeing: sampler.kind is clean, and candidates count from 1")

    def sample(
        self, prior: nn.Module, text: Text, empty: Text, like: Tensor, draws: Draws, steps: int | None = None
    ) -> Tensor:
        """Embeddings (n, d) of length √d; `empty` are n empty captions, `like` the captions' own embeddings, (n, d)."""
        predict = with_guidance(prior, text, empty, self.guidance)

        def one() -> Tensor:
            return with_steps(self.sampler, steps).sample(
                predict, tuple(like.shape), draws, lambda clean: scaled(normalize(clean, dim=1))
            )

        each = torch.stack([one() for _ in range(self.candidates)])
        best = (each * like).sum(2).argmax(0)
        return each[best, torch.arange(len(like), device=best.device)]


class DALLE2(WithEncoder):
    """Ramesh et al., 2022, arXiv:2204.06125: a prior and a decoder that diffuse, then an upsampler.

    The first steps teach a dual encoder (see `WithEncoder`), in the place of CLIP. Then the prior learns which
    embedding the picture of a caption has, the decoder to draw a picture from its embedding and its caption, and the
    upsampler to enlarge it; it reads nothing, as in the paper.

    Args:
        generator: modules `encoder`, `text`, `prior`, `decoder` and `upsampler`.
        resolutions: sides of what decoder and upsampler draw; the second is the data's.
        foreseeing, drawing, enlarging: the three parts.
        drop_prior: share of the captions that the prior is trained without, so that it knows the empty one.
        drop_embedding, drop_caption: shares of the pictures that the decoder draws without either (section 2.1).
        trains: some of prior, decoder and upsampler; None trains all. They do not depend on each other in training.
        **encoding: see `WithEncoder`.

    Raises:
        ConfigError: resolutions that do not grow, a share outside [0, 1), a part that there is not.
    """

    conditions: ClassVar[tuple[str, ...]] = CONDITIONS

    def __init__(
        self,
        generator: nn.ModuleDict,
        resolutions: Sequence[int],
        foreseeing: Foreseeing,
        drawing: Drawing,
        enlarging: Enlarging,
        drop_prior: float = 0.1,
        drop_embedding: float = 0.1,
        drop_caption: float = 0.5,
        trains: Sequence[str] | None = None,
        **encoding: Any,
    ) -> None:
        super().__init__({"generator": generator}, **encoding)
        check_resolutions(resolutions, None)
        check_pair(resolutions)
        check_shares(drop_prior=drop_prior, drop_embedding=drop_embedding, drop_caption=drop_caption)
        self.resolutions, self.trains = list(resolutions), parts_of(trains)
        self.foreseeing, self.drawing, self.enlarging = foreseeing, drawing, enlarging
        self.drop_prior, self.drop_embedding, self.drop_caption = drop_prior, drop_embedding, drop_caption

    # Training.

    def loss_terms(self, side: str, batch: Batch) -> dict[str, Tensor]:
        image = batch["image"]
        check_side(image, self.resolutions)
        if self.teaches_encoder:
            return self.contrastive_term(batch)
        embedding, text = self.embedded(image), self.generator.text(batch["caption"])
        terms = {}
        if "prior" in self.trains:
            terms["prior"] = self._prior_loss(embedding, text)
        if "decoder" in self.trains:
            terms["decoder"] = self._decoder_loss(image, embedding, text)
        if "upsampler" in self.trains:
            upsampler, below = self.generator.upsampler, self.resolutions[0]
            terms["upsampler"] = self.enlarging.loss(upsampler, image, below, self.noise)
        return terms

    def _prior_loss(self, embedding: Tensor, text: Text) -> Tensor:
        sampler = self.foreseeing.sampler
        text = text.where(kept(self.noise, len(text), self.drop_prior, embedding), self.generator.text([""]))
        return diffusion_loss(
            lambda noisy, time: self.generator.prior(noisy, time, text),
            embedding,
            sampler.schedule,
            sampler.kind,
            self.noise,
        )

    def _decoder_loss(self, image: Tensor, embedding: Tensor, text: Text) -> Tensor:
        rows = len(image)
        with_embedding = kept(self.noise, rows, self.drop_embedding, image)
        with_caption = kept(self.noise, rows, self.drop_caption, image)
        shown = Shown(embedding * with_embedding[:, None], text.where(with_caption, self.generator.text([""])))
        return self.drawing.loss(self.generator.decoder, reduced(image, self.resolutions[0]), shown, self.noise)

    # Sampling.

    def stages(self, indices: Tensor, seed: int, prompt: Prompt = None, **conditions: Any) -> dict[str, Tensor]:
        """`decoder` and `upsampler`; conditions are those of `Asked`."""
        asked, prompts, draws = Asked(**conditions), self.prompts(indices, prompt), self.draws_of(indices, seed)
        text, like = self.sampler.text(prompts), self.sampler.encoder.text(prompts)
        empty = self.sampler.text([""] * len(prompts))
        embedding = self.foreseeing.sample(self.sampler.prior, text, empty, like, draws, asked.steps)
        return self._draw(Shown(embedding, text), draws, asked)

    def from_embedding(
        self, embedding: Tensor, indices: Tensor, seed: int, prompt: Prompt = "", **conditions: Any
    ) -> dict[str, Tensor]:
        """As `stages`, from embeddings (n, d) of length 1 in place of a prior's."""
        text = self.sampler.text(self.prompts(indices, prompt))
        shown = Shown(scaled(embedding.to(text.pooled)), text)
        return self._draw(shown, self.draws_of(indices, seed), Asked(**conditions))

    def trained_parts(self) -> list[str]:
        return self.trains

    def enlarge(self, small: Tensor, indices: Tensor, seed: int, prompt: Prompt = None) -> Tensor:
        upsampler, size = self.sampler.upsampler, self.resolutions[1]
        return self.enlarging.sample(upsampler, small, size, self.draws_of(indices, seed), level=0.0)

    def _draw(self, shown: Shown, draws: Draws, asked: Asked) -> dict[str, Tensor]:
        decoder, upsampler, rows = self.sampler.decoder, self.sampler.upsampler, len(shown.embedding)
        opposite = Shown(torch.zeros_like(shown.embedding), self.sampler.text([asked.negative] * rows))
        small, large = (asked.known(size, rows, shown.embedding) for size in self.resolutions)
        shape = (rows, decoder.channels, self.resolutions[0], self.resolutions[0])
        decoded = self.drawing.sample(decoder, shape, shown, opposite, draws, asked.guidance, small, asked.steps)
        enlarged = self.enlarging.sample(upsampler, decoded, self.resolutions[1], draws, large, asked.steps)
        return {"decoder": decoded, "upsampler": enlarged}


def parts_of(trains: Sequence[str] | None) -> list[str]:
    """Those that train. Raises ConfigError if there are none, or one that there is not."""
    if trains is not None and not trains:
        raise ConfigError(f"model.trains is empty; null trains all of {', '.join(PARTS)}")
    if unknown := [part for part in trains or () if part not in PARTS]:
        raise ConfigError(f"model.trains has {unknown[0]}; the parts are {', '.join(PARTS)}")
    return list(PARTS if trains is None else trains)


def check_pair(resolutions: Sequence[int]) -> None:
    """Raises ConfigError unless there are two."""
    if len(resolutions) != 2:
        raise ConfigError(f"model.resolutions is {list(resolutions)}; decoder and upsampler have one each")
