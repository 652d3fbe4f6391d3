"""LeCam regularisation of the discriminator where pictures are few (Tseng et al., 2021, arXiv:2104.03310)."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.errors import ConfigError
from gansmith.noise import Noise
from gansmith.objectives.global_mean import global_mean
from gansmith.objectives.penalties import Critic, Logits, Penalty


class LeCam(Penalty):
    """Squared distance of each side's logits to the other side's running mean (equation 2).

    The means are over all processes, and start with those of the first step.

    Args:
        weight: λ; 0.3 for CIFAR-10 (section 4).
        decay: of the running means, a step.
        interval: see `Penalty`.

    Raises:
        ConfigError: a decay outside [0, 1).
    """

    mean_real: Tensor
    mean_fake: Tensor

    def __init__(self, weight: float = 0.3, decay: float = 0.99, interval: int = 1) -> None:
        super().__init__(weight, interval)
        if not 0 <= decay < 1:
            raise ConfigError(f"model.penalty: decay is {decay}; it can be from 0 to less than 1")
        self.decay = decay
        for name in ("mean_real", "mean_fake"):
            self.register_buffer(name, torch.tensor(float("nan")))

    def value(self, critic: Critic, real: Tensor, fake: Tensor, noise: Noise, logits: Logits | None = None) -> Tensor:
        if logits is None:
            raise ValueError("LeCam regularisation compares logits, and got none")
        real_logits, fake_logits = logits
        self._follow(torch.stack([real_logits.detach().mean(), fake_logits.detach().mean()]))
        return (real_logits - self.mean_fake).square().mean() + (fake_logits - self.mean_real).square().mean()

    @torch.no_grad()
    def _follow(self, means: Tensor) -> None:
        for running, mean in zip((self.mean_real, self.mean_fake), global_mean(means)):
            # Chosen on the device: a look at it would make each step wait.
            running.copy_(
                torch.where(running.isnan(), mean.to(running), torch.lerp(mean.to(running), running, self.decay))
            )
