"""Adversarial losses: what the discriminator minimises, and what the generator does.

Each has two methods on logits of any shape (one value an image, or a map of patches) and returns a
scalar, the mean over all of them. Relativistic losses compare both sides; the others ignore one.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from gansmith.objectives.global_mean import global_mean


class AdversarialLoss:
    """Base of the adversarial losses."""

    needs_real = False
    """Whether `generator` looks at the real logits: only then are they computed for its step."""

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        raise NotImplementedError

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        raise NotImplementedError


class CrossEntropy(AdversarialLoss):
    """Binary cross-entropy, with D(x) = sigmoid(logit) (Goodfellow et al., 2014, arXiv:1406.2661).

    The generator minimises -log D(G(z)), the form of section 3 that does not saturate while the
    discriminator is ahead.
    """

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return softplus(-real_logits).mean() + softplus(fake_logits).mean()

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        return softplus(-fake_logits).mean()


class Minimax(CrossEntropy):
    """The value function itself (arXiv:1406.2661, equation 1): the generator minimises log(1 - D(G(z)))."""

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        return -softplus(fake_logits).mean()


class LeastSquares(AdversarialLoss):
    """Squared error to the labels a = 0, b = c = 1 (Mao et al., 2017, arXiv:1611.04076, equation 9).

    Args:
        weight: of each square. Equation 9 has halves; CycleGAN has none (arXiv:1703.10593, section 4), which
            matters where the loss is weighed against others.
    """

    def __init__(self, weight: float = 0.5) -> None:
        self.weight = weight

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return self.weight * (real_logits - 1).square().mean() + self.weight * fake_logits.square().mean()

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        return self.weight * (fake_logits - 1).square().mean()


class Wasserstein(AdversarialLoss):
    """Difference of the critic's means (Arjovsky et al., 2017, arXiv:1701.07875); needs a Lipschitz critic."""

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return fake_logits.mean() - real_logits.mean()

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        return -fake_logits.mean()


class Hinge(AdversarialLoss):
    """Margin of one on both sides (Lim & Ye, 2017, arXiv:1705.02894; Miyato et al., 2018, arXiv:1802.05957)."""

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return relu(1 - real_logits).mean() + relu(1 + fake_logits).mean()

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        return -fake_logits.mean()


class Relativistic(AdversarialLoss):
    """Each fake against a real picture, through the logistic function.

    Jolicoeur-Martineau, 2018, arXiv:1807.00734, equations 5 and 6.
    """

    needs_real = True

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return softplus(fake_logits - real_logits).mean()

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        if real_logits is None:
            raise ValueError("the relativistic loss of the generator compares with real logits")
        return softplus(real_logits - fake_logits).mean()


class RelativisticAverage(AdversarialLoss):
    """Each picture against the mean logit of the other side: D̃(x) = sigmoid(D(x) - mean D(y)).

    Jolicoeur-Martineau, 2018, arXiv:1807.00734, section 4.2; Wang et al., 2018, arXiv:1809.00219, equations 1
    and 2. Both sums are taken whole; implementations of ESRGAN halve them. The means are those of the batch over
    all processes; with `accumulate`, those of a chunk.
    """

    needs_real = True

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        mean_real, mean_fake = global_mean(torch.stack([real_logits.mean(), fake_logits.mean()]))
        return softplus(mean_fake - real_logits).mean() + softplus(fake_logits - mean_real).mean()

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        if real_logits is None:
            raise ValueError("the relativistic loss of the generator compares with real logits")
        return self.discriminator(fake_logits, real_logits)
