"""StyleGAN2: style mixing, path-length regularisation and truncation around the two losses of a GAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from gansmith.errors import ConfigError
from gansmith.models.adversarial import Batch
from gansmith.models.gan import GAN
from gansmith.networks.stylegan2.generator import Generator
from gansmith.noise import Draws, NoiseByIndex
from gansmith.objectives.adversarial import AdversarialLoss
from gansmith.objectives.global_mean import global_mean
from gansmith.objectives.path_length import PathLength

MEAN_MOMENTUM = 0.998
"""Of the mean of w, once a batch (arXiv:2006.06676, official configuration)."""


@dataclass(frozen=True)
class Thinned:
    """Draws for every `every`-th row of a batch: which rows these are does not depend on how it is split."""

    draws: Draws
    every: int

    def normal(self, rows: int, *shape: int) -> Tensor:
        """Standard normal draws of shape (rows, *shape)."""
        return self.draws.normal(rows * self.every, *shape)[:: self.every]

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """Uniform draws in [0, 1) of shape (rows, *shape)."""
        return self.draws.uniform(rows * self.every, *shape)[:: self.every]


class StyleGAN2(GAN):
    """Karras et al., 2020, arXiv:1912.04958; style mixing: 2019, arXiv:1812.04948, section 3.1.

    Args:
        generator: mapping, synthesis and a tracked mean of w.
        discriminator: (picture, label or None) to logits.
        loss: what the two minimise.
        mixing: share of pictures in training whose layers from a random one on have the w of a second latent.
        path_length: regulariser of the generator, or None.
        **gan: see `GAN`.

    Raises:
        ConfigError: a share outside [0, 1], or a generator without a mapping.
    """

    generator: Generator
    sampler: Generator

    spaces: ClassVar[tuple[str, ...]] = ("w", "z")
    truncations: ClassVar[tuple[float, ...]] = (1, 0.7, 0.5, 0, -0.5, -1)
    """ψ, as in figure 8 of arXiv:1812.04948."""

    def __init__(
        self,
        generator: Generator,
        discriminator: nn.Module,
        loss: AdversarialLoss,
        mixing: float = 0.9,
        path_length: PathLength | None = None,
        **gan: Any,
    ) -> None:
        super().__init__(generator, discriminator, loss, **gan)
        if not 0 <= mixing <= 1:
            raise ConfigError(f"model.mixing is {mixing}; it is a share from 0 to 1")
        if not isinstance(generator, Generator):
            raise ConfigError("model.generator has no mapping; model/generator=stylegan2 has")
        self.mixing, self.path_length = mixing, path_length

    def generate(self, batch: Batch) -> Tensor:
        styles = self._styles(len(batch["image"]), self.label(batch))
        return self.generator.synthesis(styles, self.noise)

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        terms = super().generator_loss(batch)
        if self.path_length is not None and self.path_length.is_due(self.global_step // self.critic_steps):
            # Squared gradients underflow in half precision.
            with torch.autocast(self.device.type, enabled=False):
                terms["path_length"] = self._path_length(self.path_length, batch)
        return terms

    def compile_networks(self) -> None:
        """As `AdversarialModel.compile_networks`; not a generator whose path length is differentiated twice."""
        if not self.penalty:
            self.discriminator.compile()
        if self.path_length is None:
            self.generator.mapping.compile()
            self.generator.synthesis.compile()

    def code(self, indices: Tensor, seed: int, space: str = "w", **conditions: Any) -> Tensor:
        """As `GAN.code`; `truncation` of w is ψ, or 1. Samples have noise of their own besides."""
        latent = self._sample_draws(indices, seed)[0]
        return latent if space == "z" else self._sample_w(latent, indices, **conditions)

    def decode(self, code: Tensor, indices: Tensor, seed: int, space: str = "w", **conditions: Any) -> Tensor:
        """As `GAN.decode`; codes in w may also be a w for each layer, (n, layers, d)."""
        code = code.to(next(self.sampler.parameters()))
        w = code if space == "w" else self._sample_w(code, indices, **conditions)
        draws = self._sample_draws(indices, seed)[1]
        return self.sampler.synthesis(self.sampler.repeated(w) if w.ndim == 2 else w, draws)

    def _styles(self, rows: int, label: Tensor | None) -> Tensor:
        """A w for each layer (n, layers, d), of two latents where styles are mixed."""
        w = self._w(rows, label)
        self.generator.track(global_mean(w.detach().mean(0)), MEAN_MOMENTUM)
        styles = self.generator.repeated(w)
        if not self.mixing:
            return styles
        layers, draws = styles.shape[1], self.noise.uniform(rows, 2)
        crossover = 1 + (draws[:, :1] * (layers - 1)).long()
        is_second = (torch.arange(layers, device=w.device) >= crossover) & (draws[:, 1:] < self.mixing)
        return torch.where(is_second[:, :, None], self._w(rows, label)[:, None], styles)

    def _sample_draws(self, indices: Tensor, seed: int) -> tuple[Tensor, NoiseByIndex]:
        """The latents of samples, and behind them their noise."""
        like = next(self.sampler.parameters())
        draws = NoiseByIndex(seed, indices, like.dtype, like.device)
        return draws.normal(len(indices), self.latent), draws

    def _sample_w(self, latent: Tensor, indices: Tensor, **conditions: Any) -> Tensor:
        label = self._sample_labels(indices, conditions.get("label"))
        return self.sampler.truncated(self.sampler.mapping(latent, label), conditions.get("truncation", 1.0))

    def _w(self, rows: int, label: Tensor | None) -> Tensor:
        return self.generator.mapping(self.noise.normal(rows, self.latent), label)

    def _path_length(self, path_length: PathLength, batch: Batch) -> Tensor:
        draws, label = Thinned(self.noise, path_length.every), self.label(batch)
        thinned = batch["image"][:: path_length.every]
        latent = draws.normal(len(thinned), self.latent)
        w = self.generator.mapping(latent, None if label is None else label[:: path_length.every])
        styles = self.generator.repeated(w)
        return path_length(self.generator.synthesis(styles, draws), styles, draws)
