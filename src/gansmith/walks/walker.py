"""Pictures of a trained generator at any place of its latent space."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor

from gansmith.errors import ConfigError
from gansmith.models.gan import GAN
from gansmith.networks.modes import evaluating
from gansmith.ranges import to_uint8

Item = TypeVar("Item")


@dataclass(frozen=True)
class Walker:
    """A model whose averaged generator is looked at; what it draws are functions of (seed, sample) alone.

    Attributes:
        model: with codes, see `GAN.code`.
        trained_with: the config of its run.
        seed: of all samples.
        batch_size: pictures at a time.
        label: the class of all pictures; None gives sample i its own.
        truncation: ψ or threshold; None truncates nothing.
    """

    model: GAN
    trained_with: dict[str, Any]
    seed: int
    batch_size: int
    label: int | None = None
    truncation: float | None = None

    def code(self, indices: Tensor, space: str, rows: Tensor | None = None) -> Tensor:
        """Codes (n, d) in `space` of the samples `indices` (n,), which have the classes of the samples `rows`."""
        conditions = self.conditions(indices if rows is None else rows)
        with torch.no_grad(), evaluating(self.model.sampler):
            return self.model.code(indices, self.seed, space, **conditions)

    def show(self, code: Tensor, indices: Tensor, space: str, title: str) -> Tensor:
        """uint8 (n, C, H, W) in memory, of codes (n, ...) that take the place of those of the samples `indices`."""
        batches = list(zip(code.split(self.batch_size), indices.split(self.batch_size)))
        shown = []
        with torch.inference_mode(), evaluating(self.model.sampler):
            for part, rows in bar(batches, title):
                pictures = self.model.decode(part, rows, self.seed, space, **self.conditions(rows))
                shown.append(to_uint8(pictures).cpu())
        return torch.cat(shown)

    def matrices(self) -> list[Tensor]:
        """The matrices (rows, d) by which codes enter the generator, a layer each.

        Raises:
            ConfigError: the generator does not say.
        """
        sampler: Any = self.model.sampler
        if not hasattr(sampler, "latent_matrices"):
            raise ConfigError(
                f"model={self.model.name}: its generator has no latent_matrices(), as those of gansmith.networks have"
            )
        with evaluating(sampler):
            return sampler.latent_matrices()

    def conditions(self, indices: Tensor) -> dict[str, Any]:
        """Keyword arguments of `GAN.code` and `GAN.decode` for the samples `indices`."""
        given: dict[str, Any] = {} if self.truncation is None else {"truncation": self.truncation}
        if self.model.classes:
            given["label"] = self.model.labels_of(indices) if self.label is None else self.label
        return given


def bar(items: Iterable[Item], title: str, total: int | None = None) -> Iterable[Item]:
    """The same items, and a bar of how many have gone by."""
    return track(items, title, total=total, console=Console(stderr=True), transient=True)
