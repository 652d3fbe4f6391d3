"""The GAN of one generator and one discriminator, with or without class labels."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from gansmith.augment.augment import Augment
from gansmith.models.adversarial import AdversarialModel, Batch
from gansmith.models.latents import slerp
from gansmith.networks.modes import evaluating
from gansmith.noise import NoiseByIndex, latents_by_index
from gansmith.objectives.adversarial import AdversarialLoss


class GAN(AdversarialModel):
    """Pictures from latents (Goodfellow et al., 2014, arXiv:1406.2661).

    Networks, loss and penalty make the variant: DCGAN, LSGAN and WGAN-GP are configs of this class,
    and so is the conditional GAN (Mirza & Osindero, 2014, arXiv:1411.1784).

    Args:
        generator: (latent (n, d), label (n,) or None) to pictures.
        discriminator: (picture, label or None) to logits.
        loss: what the two minimise.
        latent: d, the size of z ~ N(0, 1).
        classes: number of labels the networks are conditioned on; 0 for none.
        augment: what is done to pictures, real and generated, before the discriminator sees them.
        lambda_d: λ of the total loss L_G + λ L_D, which is logged and minimised by nobody.
        **alternation: see `AdversarialModel`.
    """

    spaces: ClassVar[tuple[str, ...]] = ("z",)
    """Where samples have codes; walks lead through the first of them unless another is asked for."""
    truncations: ClassVar[tuple[float, ...]] = ()
    """Worth a look, from the most varied samples to the most alike; empty where samples can't be truncated."""

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        loss: AdversarialLoss,
        latent: int,
        classes: int = 0,
        augment: Augment | None = None,
        lambda_d: float = 1.0,
        **alternation: Any,
    ) -> None:
        super().__init__(generator, discriminator, **alternation)
        self.loss, self.latent, self.classes, self.lambda_d = loss, latent, classes, lambda_d
        self.augment = augment or Augment()

    def generate(self, batch: Batch) -> Tensor:
        latent = self.noise.normal(len(batch["image"]), self.latent)
        return self.generator(latent, self.label(batch))

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        real, fake, label = batch["image"], self.fake(batch), self.label(batch)
        real_logits, fake_logits = self.judge(real, label), self.judge(fake, label)
        self.observe("logits/real", real_logits)
        self.observe("logits/fake", fake_logits)
        self.augment.watch(real_logits)
        adversarial = self.loss.discriminator(real_logits, fake_logits)
        logits = (real_logits, fake_logits)
        return {
            "adversarial": adversarial,
            **self.penalise(lambda image: self.judge(image, label), real, fake, logits),
        }

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        fake, label = self.fake(batch), self.label(batch)
        real_logits = self.judge(batch["image"], label) if self.loss.needs_real else None
        return {"adversarial": self.loss.generator(self.judge(fake, label), real_logits)}

    def before_step(self) -> None:
        super().before_step()
        self.augment.at(self.images_seen)

    def after_step(self) -> None:
        super().after_step()
        self.augment.after_step()

    def judge(self, image: Tensor, label: Tensor | None) -> Any:
        """What the discriminator says of pictures, which it sees augmented."""
        return self.discriminator(self.augment(image, self.noise), label)

    def take_scalars(self) -> dict[str, float]:
        """As `AdversarialModel.take_scalars`, with the total loss where both sides have stepped."""
        scalars = super().take_scalars()
        if {"loss/generator", "loss/discriminator"} <= scalars.keys():
            scalars["loss/total"] = scalars["loss/generator"] + self.lambda_d * scalars["loss/discriminator"]
        return scalars | self.augment.scalars()

    def label(self, batch: Batch) -> Tensor | None:
        return batch["label"] if self.classes else None

    def sample(self, indices: Tensor, seed: int, **conditions: Any) -> Tensor:
        """Sample i has its own latent; where there are classes, it has class `label`, or i mod `classes`."""
        space = self.spaces[0]
        return self.decode(self.code(indices, seed, space, **conditions), indices, seed, space, **conditions)

    def code(self, indices: Tensor, seed: int, space: str = "z", **conditions: Any) -> Tensor:
        """What samples are made from: (n, d) in `space`, one of `spaces`.

        Args:
            indices: (n,) numbers of the samples.
            seed: of all samples.
            conditions: as of `sample`; `label` may be a class for each, (n,).
        """
        return latents_by_index(indices, self.latent, seed)

    def decode(self, code: Tensor, indices: Tensor, seed: int, space: str = "z", **conditions: Any) -> Tensor:
        """Pictures, floats in [-1, 1], of codes (n, d), differentiable: what samples `indices` would be with them.

        Whatever else makes a sample (its class, its noise) is that of sample i, or of `conditions`.
        """
        labels = self._sample_labels(indices, conditions.get("label"))
        return self.sampler(code.to(next(self.sampler.parameters())), labels)

    def labels_of(self, indices: Tensor) -> Tensor:
        """The classes (n,) of samples that nobody asks a class of: i mod `classes`."""
        return indices % self.classes

    @torch.inference_mode()
    def sample_path(self, indices: Tensor, seed: int, epsilon: float) -> tuple[Tensor, Tensor]:
        """Two neighbours on the arc between two latents, for each i; leaves modes as they were.

        Latents, and the place t in [0, 1) on the arc, are functions of (seed, i); both pictures have the class of
        sample i.

        Returns:
            pictures (n, C, H, W), floats in [-1, 1], at t and at t + epsilon.
        """
        noise = NoiseByIndex(seed, indices, torch.float64)
        start, end = noise.normal(len(indices), self.latent), noise.normal(len(indices), self.latent)
        share = noise.uniform(len(indices), 1)
        labels = self._sample_labels(indices, None)
        places = [slerp(start, end, at).to(next(self.sampler.parameters())) for at in (share, share + epsilon)]
        with evaluating(self.sampler):
            return self.sampler(places[0], labels), self.sampler(places[1], labels)

    def _sample_labels(self, indices: Tensor, label: int | Tensor | None) -> Tensor | None:
        if not self.classes:
            return None
        labels = self.labels_of(indices) if label is None else torch.as_tensor(label).expand(len(indices))
        return labels.to(self.device)
