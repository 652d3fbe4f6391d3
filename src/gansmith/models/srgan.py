"""Super-resolution GANs: SRGAN, ESRGAN and Real-ESRGAN are configs of one class."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from lightning.pytorch.utilities import rank_zero_only
from torch import Tensor, nn

from gansmith.errors import ConfigError
from gansmith.models.adversarial import Batch
from gansmith.models.checks import check_not_negative
from gansmith.models.translation import Translation
from gansmith.objectives.adversarial import AdversarialLoss
from gansmith.objectives.perceptual import PerceptualLoss
from gansmith.objectives.reconstruction import AbsoluteError, SquaredError
from gansmith.objectives.sharpen import UnsharpMask

log = logging.getLogger(__name__)


class SRGAN(Translation):
    """A large picture from a small one, in two stages (Ledig et al., 2017, arXiv:1609.04802).

    In the first `pretrain_steps` steps the generator alone learns, by the pixel loss: SRResNet. Then it starts
    again from its average, with a fresh optimizer, against the discriminator (equation 3). All steps count: a step
    of the pretraining is a batch too, though the discriminator does not see it.

    ESRGAN (Wang et al., 2018, arXiv:1809.00219) has other networks and a relativistic loss; Real-ESRGAN (Wang et
    al., 2021, arXiv:2107.10833) a blind degradation, a discriminator of pixels and sharpened targets.

    Args:
        generator: source (n, c, h, w) to picture (n, C, scale * h, scale * w).
        discriminator: picture to logits, one a picture or a map.
        loss: of the adversarial game.
        pixel: between pictures.
        perceptual: between features of pictures; None goes without.
        weight: of `pixel`, `perceptual` and `adversarial` in the generator's loss of the second stage.
        pretrain_steps: length of the first stage; 0 skips it, all steps of the run leave nothing else.
        sharpen: what pixel and perceptual loss compare with is sharpened by this; None takes it as it is.
        **alternation: see `AdversarialModel`.

    Raises:
        ConfigError: a negative number of steps, or a negative weight.
    """

    generator_first: ClassVar[bool] = True

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        loss: AdversarialLoss,
        pixel: AbsoluteError | SquaredError,
        perceptual: PerceptualLoss | None,
        weight: Mapping[str, float],
        pretrain_steps: int,
        sharpen: UnsharpMask | None = None,
        **alternation: Any,
    ) -> None:
        super().__init__(generator, discriminator, **alternation)
        if pretrain_steps < 0:
            raise ConfigError(f"model.pretrain_steps is {pretrain_steps}; it counts steps, from 0")
        check_not_negative(**{f"weight.{term}": value for term, value in weight.items()})
        self.loss, self.pixel, self.perceptual, self.sharpen = loss, pixel, perceptual, sharpen
        self.weight, self.pretrain_steps = weight, pretrain_steps

    # The two stages.

    def turns(self, step: int) -> tuple[str, ...]:
        return ("generator",) if step < self.pretrain_steps else super().turns(step)

    def on_fit_start(self) -> None:
        """What the second stage lacks should stop a run before its first."""
        if self.perceptual is not None:
            self.perceptual.on(self.device)
        if 0 < (steps := self.trainer.max_steps) <= self.pretrain_steps:
            _say("trainer.max_steps=%d: no adversarial step comes after model.pretrain_steps", steps)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """The second stage begins like a run of its own: from what samples, with a fresh optimizer."""
        super().on_train_batch_start(batch, batch_idx)
        if 0 < self.pretrain_steps == self.global_step:
            self.generator.load_state_dict(self.sampler.state_dict())
            self._optimizer("generator").optimizer.state.clear()

    # The losses.

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        fake, real = self.fake(batch), batch["target"]
        wanted = real if self.sharpen is None else self.sharpen(real)
        if self.global_step < self.pretrain_steps:
            return {"pixel": self.pixel(fake, wanted)}
        real_logits = self.discriminator(real) if self.loss.needs_real else None
        terms = {
            "pixel": self.pixel(fake, wanted),
            "adversarial": self.loss.generator(self.discriminator(fake), real_logits),
        }
        if self.perceptual is not None:
            terms["perceptual"] = self.perceptual(fake, wanted)
        return {name: self.weight[name] * term for name, term in terms.items()}

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        fake, real = self.fake(batch), batch["target"]
        real_logits, fake_logits = self.discriminator(real), self.discriminator(fake)
        self.observe("logits/real", real_logits)
        self.observe("logits/fake", fake_logits)
        adversarial = self.loss.discriminator(real_logits, fake_logits)
        return {"adversarial": adversarial, **self.penalise(self.value, real, fake)}

    def value(self, picture: Tensor) -> Tensor:
        """Logits (n,), of a map the mean: what a penalty differentiates."""
        return self.discriminator(picture).view(len(picture), -1).mean(1)

    def details(self) -> dict[str, str]:
        return {"perceptual": str(self.perceptual or "none")}


@rank_zero_only
def _say(message: str, *values: object) -> None:
    log.warning(message, *values)
