"""What stands between pictures and the discriminator."""

from __future__ import annotations

from torch import Tensor, nn

from gansmith.noise import Draws


class Augment(nn.Module):
    """Does nothing; a subclass changes pictures, real and generated alike, in a way that has a gradient.

    What it keeps in buffers is checkpointed.
    """

    def forward(self, images: Tensor, draws: Draws) -> Tensor:
        """(n, C, H, W) in [-1, 1] to the same shape.

        Args:
            draws: random numbers for these n rows.
        """
        return images

    def at(self, images_seen: int) -> None:
        """Sets what holds after `images_seen` images, for strengths that follow a schedule."""

    def watch(self, real_logits: Tensor) -> None:
        """Told of a step's logits of real pictures (n,), whole or in parts, for strengths that adapt."""

    def after_step(self) -> None:
        """Called at the end of each step, by all processes: within a step nothing changes."""

    def scalars(self) -> dict[str, float]:
        """What is logged of it, by name."""
        return {}
