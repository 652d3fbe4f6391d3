"""The first way to keep a critic Lipschitz (Arjovsky et al., 2017, arXiv:1701.07875, algorithm 1)."""

from __future__ import annotations

import torch
from torch import nn

from gansmith.errors import ConfigError
from gansmith.objectives.penalties import Penalty


class WeightClipping(Penalty):
    """After each of its steps, the critic's weights lie in [-limit, limit]; adds nothing to the loss.

    Raises:
        ConfigError: a limit that is not positive.
    """

    def __init__(self, limit: float = 0.01) -> None:
        super().__init__(weight=0.0)
        if limit <= 0:
            raise ConfigError(f"model.penalty: limit is {limit}; it is above 0")
        self.limit = limit

    def is_due(self, step: int) -> bool:
        return False

    @torch.no_grad()
    def after_step(self, discriminator: nn.Module) -> None:
        for parameter in discriminator.parameters():
            parameter.clamp_(-self.limit, self.limit)
