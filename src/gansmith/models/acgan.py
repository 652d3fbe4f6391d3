"""Auxiliary classifier GAN (Odena et al., 2017, arXiv:1610.09585)."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn.functional import cross_entropy

from gansmith.errors import ConfigError
from gansmith.models.adversarial import Batch
from gansmith.models.gan import GAN


class ACGAN(GAN):
    """The discriminator says of every picture whether it is real, and of which class (section 3).

    Both sides maximise the log-likelihood L_C of the right class; the discriminator maximises L_S + L_C, the
    generator L_C - L_S (equations 2 and 3).

    Args:
        generator: (latent (n, d), label (n,)) to pictures.
        discriminator: picture to (logits (n,), logits of classes (n, classes)).
        loss: what stands for L_S.
        latent: d.
        classes: number of labels.
        **gan: see `GAN`.

    Raises:
        ConfigError: there are no classes.
    """

    def __init__(self, generator: Any, discriminator: Any, loss: Any, latent: int, classes: int, **gan: Any) -> None:
        if classes < 1:
            raise ConfigError(f"model.classes is {classes}; ACGAN tells classes apart (model/conditioning=labels)")
        super().__init__(generator, discriminator, loss, latent, classes, **gan)

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        real, fake, label = batch["image"], self.fake(batch), batch["label"]
        (real_logits, real_class), (fake_logits, fake_class) = self.judge_and_classify(real, fake)
        self.observe("logits/real", real_logits)
        self.observe("logits/fake", fake_logits)
        self.observe("accuracy/real", (real_class.argmax(1) == label).float())
        self.augment.watch(real_logits)
        return {
            "adversarial": self.loss.discriminator(real_logits, fake_logits),
            "class_real": cross_entropy(real_class, label),
            "class_fake": cross_entropy(fake_class, label),
            **self.penalise(lambda image: self.judge(image, label), real, fake, (real_logits, fake_logits)),
        }

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        fake, label = self.fake(batch), batch["label"]
        ((fake_logits, fake_class),) = self.judge_and_classify(fake)
        real_logits = self.judge(batch["image"], label) if self.loss.needs_real else None
        return {
            "adversarial": self.loss.generator(fake_logits, real_logits),
            "class": cross_entropy(fake_class, label),
        }

    def judge(self, image: Tensor, label: Tensor | None) -> Tensor:
        """What the discriminator says of pictures being real, which penalties look at."""
        ((logits, _),) = self.judge_and_classify(image)
        return logits

    def judge_and_classify(self, *images: Tensor) -> list[tuple[Tensor, Tensor]]:
        """For each batch of pictures, which the discriminator sees augmented, logits and logits of classes.

        Raises:
            ConfigError: the discriminator has one answer only.
        """
        verdicts = [self.discriminator(self.augment(image, self.noise)) for image in images]
        if not all(isinstance(verdict, tuple) for verdict in verdicts):
            raise ConfigError(
                "this discriminator does not classify; ACGAN takes model/discriminator=acgan, resnet_acgan"
            )
        return verdicts
