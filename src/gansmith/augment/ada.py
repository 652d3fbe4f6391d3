"""Adaptive discriminator augmentation: as strong as the discriminator overfits."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.augment.augment import Augment
from gansmith.augment.bgc import bgc
from gansmith.errors import ConfigError
from gansmith.noise import Draws
from gansmith.objectives.global_mean import global_mean
from gansmith.training.distributed import world_size


class Ada(Augment):
    """Augmentations `bgc` with a probability p that follows r_t = E[sign D(real)] (Karras et al., 2020,
    arXiv:2006.06676, section 3.1).

    Whenever `interval` batches have been seen, p grows where r_t of their real pictures is above `target`, and falls
    where it is below; it stays in [0, 1]. Numbers are counted over all processes, and over all chunks of a batch.

    Args:
        target: of r_t.
        interval: batches from one adjustment of p to the next.
        images: real pictures in which p can go from 0 to 1.
        batch_size: of the global batch.

    Raises:
        ConfigError: a target outside (-1, 1), or a count below 1.
    """

    level: Tensor
    signs: Tensor
    seen: Tensor
    new_signs: Tensor

    def __init__(self, batch_size: int, target: float = 0.6, interval: int = 4, images: int = 500_000) -> None:
        super().__init__()
        if not -1 < target < 1:
            raise ConfigError(f"model.augment.target is {target}; it lies between -1 and 1")
        for key, count in (("interval", interval), ("images", images), ("batch_size", batch_size)):
            if count < 1:
                raise ConfigError(f"model.augment.{key} is {count}; it counts from 1")
        self.target, self.images, self.period = target, images, interval * batch_size
        # Whole numbers, which no precision rounds: p in pictures; signs and pictures since its last adjustment.
        for name in ("level", "signs", "seen"):
            self.register_buffer(name, torch.zeros((), dtype=torch.int64))
        # Of the step that is being made, on this process.
        self.register_buffer("new_signs", torch.zeros((), dtype=torch.int64), persistent=False)
        self.new_pictures = 0

    @property
    def p(self) -> Tensor:
        """Probability of each augmentation, a scalar on the device."""
        return self.level / self.images

    def forward(self, images: Tensor, draws: Draws) -> Tensor:
        return bgc(images, self.p, draws)

    @torch.no_grad()
    def watch(self, real_logits: Tensor) -> None:
        self.new_signs += real_logits.sign().long().sum()
        self.new_pictures += real_logits.numel()

    @torch.no_grad()
    def after_step(self) -> None:
        """Adjusts p without the host's waiting for the device."""
        self.signs += (global_mean(self.new_signs) * world_size()).round().long()
        self.seen += self.new_pictures * world_size()
        self.new_signs.zero_()
        self.new_pictures = 0
        due = self.seen >= self.period
        change = self.seen * (self.signs - self.target * self.seen).sign().long()
        self.level.copy_((self.level + due * change).clamp(0, self.images))
        self.signs *= ~due
        self.seen *= ~due

    def scalars(self) -> dict[str, float]:
        return {"augment/p": float(self.p)}
