"""Contrastive unpaired translation, one-sided (Park et al., 2020, arXiv:2007.15651)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from gansmith.errors import ConfigError
from gansmith.models.adversarial import Batch
from gansmith.models.translation import Translation
from gansmith.objectives.adversarial import AdversarialLoss
from gansmith.objectives.contrastive import patch_nce


class CUT(Translation):
    """Each patch of the output tells of its own patch of the input, by features of the generator's encoder.

    CUT and FastCUT are configs of this class. Weights are those of the official implementation: means over
    layers, places and, with the identity, over its two terms, where the paper has sums.

    Args:
        generator: source to target, with `features_at(image, layers)`.
        heads: H, from feature maps and positions to features of length 1.
        discriminator: picture to a map of logits. Its loss is halved.
        loss: what the two minimise.
        layers: of the encoder, those whose features are compared.
        lambda_nce: λ of PatchNCE.
        nce_identity: the same for targets, which the generator should leave alone.
        flip_equivariance: half of the sources are mirrored before, and their outputs' features after (FastCUT).
        patches: of each picture and layer; fewer where a feature map has no more places.
        temperature: τ, what similarities are divided by.
        **alternation: see `AdversarialModel`.
    """

    learns_from_pairs: ClassVar[bool] = False
    generator: nn.ModuleDict

    def __init__(
        self,
        generator: nn.Module,
        heads: nn.Module,
        discriminator: nn.Module,
        loss: AdversarialLoss,
        layers: Sequence[int] = (0, 4, 8, 12, 16),
        lambda_nce: float = 1.0,
        nce_identity: bool = True,
        flip_equivariance: bool = False,
        patches: int = 256,
        temperature: float = 0.07,
        **alternation: Any,
    ) -> None:
        super().__init__(nn.ModuleDict({"translator": generator, "heads": heads}), discriminator, **alternation)
        self.loss, self.layers, self.lambda_nce, self.nce_identity = loss, layers, lambda_nce, nce_identity
        self.flip_equivariance, self.patches, self.temperature = flip_equivariance, patches, temperature

    def generate(self, batch: Batch) -> Tensor:
        source = batch["source"]
        if self.flip_equivariance:
            batch["flipped"] = self.noise.uniform(len(source), 1, 1, 1) < 0.5
            source = mirrored(source, batch["flipped"])
        return self.generator["translator"](source)

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        real, fake = batch["target"], self.fake(batch)
        real_logits, fake_logits = self.discriminator(real), self.discriminator(fake)
        self.observe("logits/real", real_logits)
        self.observe("logits/fake", fake_logits)
        # A picture's value is the mean over its patches, which the loss compares.
        penalties = self.penalise(lambda picture: self.discriminator(picture).flatten(1).mean(1), real, fake)
        return {"adversarial": 0.5 * self.loss.discriminator(real_logits, fake_logits), **penalties}

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        source, target, fake = batch["source"], batch["target"], self.fake(batch)
        real_logits = self.discriminator(target) if self.loss.needs_real else None
        weight = self.lambda_nce * (0.5 if self.nce_identity else 1.0)
        terms = {
            "adversarial": self.loss.generator(self.discriminator(fake), real_logits),
            "nce": weight * self.nce(source, fake, batch.get("flipped")),
        }
        if self.nce_identity:
            terms["nce_identity"] = weight * self.nce(target, self.generator["translator"](target))
        return terms

    def nce(self, source: Tensor, output: Tensor, flipped: Tensor | None = None) -> Tensor:
        """The mean of PatchNCE over layers; `flipped` (n, 1, 1, 1) says which outputs are mirror images."""
        encode, heads = self.generator["translator"].features_at, self.generator["heads"]
        of_output = encode(output, self.layers)  # type: ignore[operator]
        if flipped is not None:
            of_output = [mirrored(features, flipped) for features in of_output]
        positions = [self._positions(features) for features in of_output]
        queries = heads(of_output, positions)
        with torch.no_grad():
            keys = heads(encode(source, self.layers), positions)  # type: ignore[operator]
        losses = [patch_nce(query, key, len(source), self.temperature) for query, key in zip(queries, keys)]
        return torch.stack(losses).mean()

    def _positions(self, features: Tensor) -> Tensor:
        """Different places of each picture's feature map, (n, patches), drawn for each picture."""
        return self.noise.uniform(len(features), features[0, 0].numel()).argsort(1)[:, : self.patches]

    def check_batch(self, batch: Batch) -> None:
        super().check_batch(batch)
        source, target = batch["source"].shape[1], batch["target"].shape[1]
        if source != target:
            raise ConfigError(
                f"the encoder of CUT sees sources and outputs, and these have {source} and {target} channels; "
                "choose a task with task.source_channels = task.target_channels"
            )

    def part(self, generator: nn.Module, direction: str) -> nn.Module:
        return generator["translator"]  # type: ignore[index]


def mirrored(images: Tensor, flipped: Tensor) -> Tensor:
    """Left and right exchanged in the rows where `flipped` (n, 1, 1, 1) holds."""
    return torch.where(flipped, images.flip(-1), images)
