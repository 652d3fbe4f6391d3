"""Translation judged at several scales, with feature matching (Wang et al., 2018, arXiv:1711.11585)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from gansmith.models.adversarial import Batch
from gansmith.models.pix2pix import Pix2Pix
from gansmith.objectives.feature_matching import feature_matching


class Pix2PixHD(Pix2Pix):
    """Discriminators at several scales, and the generator matches their features of the target (equation 5).

    Args:
        lambda_features: λ of equation 5.
        lambda_l1: weight of the L1 distance to the target, which this paper does without.
        **pix2pix: see `Pix2Pix`; the discriminator gives a map of logits for each scale, and its `features`
            the outputs of all layers, logits last, for each scale.
    """

    def __init__(self, lambda_features: float = 10.0, lambda_l1: float = 0.0, **pix2pix: Any) -> None:
        super().__init__(lambda_l1=lambda_l1, **pix2pix)
        self.lambda_features = lambda_features

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        source, target, fake = batch["source"], batch["target"], self.fake(batch)
        scales = list(zip(self.judge(source, target), self.judge(source, fake)))
        for scale, (real_logits, fake_logits) in enumerate(scales):
            self.observe(f"logits/real_{scale}", real_logits)
            self.observe(f"logits/fake_{scale}", fake_logits)
        adversarial = 0.5 * torch.stack([self.loss.discriminator(*logits) for logits in scales]).sum()
        penalties = self.penalise(lambda picture: self.value(source, picture), target, fake)
        return {"adversarial": adversarial, **penalties}

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        source, target, fake = batch["source"], batch["target"], self.fake(batch)
        of_fake, of_real = self.features(source, fake), self.features(source, target)
        logits = [(fake_layers[-1], real_layers[-1]) for fake_layers, real_layers in zip(of_fake, of_real)]
        terms = {
            "adversarial": torch.stack([self.loss.generator(*pair) for pair in logits]).sum(),
            "feature_matching": self.lambda_features * feature_matching(of_fake, of_real),
        }
        return {**terms, "l1": self.lambda_l1 * l1_loss(fake, target)} if self.lambda_l1 else terms

    def features(self, source: Tensor, picture: Tensor) -> list[list[Tensor]]:
        """For each scale the outputs of all layers for `picture`, given `source`."""
        return self.discriminator.features(torch.cat([source, picture], 1))  # type: ignore[operator]

    def value(self, source: Tensor, picture: Tensor) -> Tensor:
        """What the adversarial loss compares, (n,): means over patches, summed over scales."""
        return torch.stack([logits.flatten(1).mean(1) for logits in self.judge(source, picture)]).sum(0)
