"""Consistency regularisation: a flipped, shifted picture is judged as before.

CR of Zhang et al., 2020, arXiv:1910.12027; bCR of Zhao et al., 2020, arXiv:2002.04724.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from gansmith.errors import ConfigError
from gansmith.noise import Draws, Noise
from gansmith.objectives.penalties import Critic, Logits, Penalty


class Consistency(Penalty):
    """Squared difference of the logits of a picture and of its flipped, shifted copy.

    Args:
        weight: λ for real pictures; 10 in both papers.
        fake_weight: λ for generated ones: 0 is CR, 10 is bCR.
        shift: largest shift in pixels, either way.
        interval: see `Penalty`.

    Raises:
        ConfigError: a negative weight or shift.
    """

    def __init__(self, weight: float = 10.0, fake_weight: float = 0.0, shift: int = 4, interval: int = 1) -> None:
        super().__init__(weight, interval)
        if fake_weight < 0 or shift < 0:
            raise ConfigError(f"model.penalty: fake_weight is {fake_weight}, shift is {shift}; neither can be negative")
        self.fake_weight, self.shift = fake_weight, shift

    def value(self, critic: Critic, real: Tensor, fake: Tensor, noise: Noise, logits: Logits | None = None) -> Tensor:
        if logits is None:
            raise ValueError("consistency regularisation compares logits, and got none")
        real_logits, fake_logits = logits
        value = (critic(flipped_and_shifted(real, noise, self.shift)) - real_logits).square().mean()
        if self.fake_weight and self.weight:
            moved = critic(flipped_and_shifted(fake.detach(), noise, self.shift))
            value = value + self.fake_weight / self.weight * (moved - fake_logits).square().mean()
        return value


def flipped_and_shifted(images: Tensor, draws: Draws, most: int) -> Tensor:
    """Pictures (n, C, h, w), half of them mirrored left to right, shifted by up to `most` pixels; edges mirrored."""
    rows, _, height, width = images.shape
    most = min(most, height - 1, width - 1)
    mirrored = draws.uniform(rows) < 0.5
    images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
    corner = (draws.uniform(rows, 2) * (2 * most + 1)).long()
    framed = pad(images, (most,) * 4, mode="reflect")
    down = corner[:, :1] + torch.arange(height, device=images.device)
    across = corner[:, 1:] + torch.arange(width, device=images.device)
    row = torch.arange(rows, device=images.device)[:, None, None]
    return framed.movedim(1, 3)[row, down[:, :, None], across[:, None, :]].movedim(3, 1)
