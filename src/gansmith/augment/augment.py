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

    def watch(self, real_logits: Tensor) -> None:
        """Told of each discriminator step's logits of real pictures (n,), for strengths that adapt."""

    def scalars(self) -> dict[str, float]:
        """What is logged of it, by name."""
        return {}
