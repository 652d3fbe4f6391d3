"""What a discriminator of pictures and captions minimises (DF-GAN: Tao et al., 2022, arXiv:2008.05865, section 3.2)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gansmith.errors import ConfigError


def swapped(rows: Tensor) -> Tensor:
    """Each row replaced by its neighbour's, the first by the second's and so on: captions of other pictures.

    Which neighbour that is does not depend on how a batch is divided among processes or chunks. A single row stays:
    there is no other caption.

    Raises:
        ConfigError: one of several rows has no neighbour.
    """
    if len(rows) == 1:
        return rows
    if len(rows) % 2:
        raise ConfigError(f"captions are swapped in pairs, and a part of the batch has {len(rows)}: data.batch_size")
    return rows.unflatten(0, (-1, 2)).flip(1).flatten(0, 1)


class MatchingHinge:
    """Hinge loss with a third kind of pair: a real picture with a caption of another (equation 2).

    The discriminator minimises E max(0, 1 - D(x, e)) + ½ E max(0, 1 + D(G(z), e)) + ½ E max(0, 1 + D(x, ê)).
    """

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor, mismatched_logits: Tensor) -> Tensor:
        """From logits (n,) of each kind of pair."""
        wrong = (1 + fake_logits).relu().mean() + (1 + mismatched_logits).relu().mean()
        return (1 - real_logits).relu().mean() + 0.5 * wrong

    def generator(self, fake_logits: Tensor) -> Tensor:
        return -fake_logits.mean()


class MatchingPenalty:
    """k E (‖∇ₓD(x, e)‖ + ‖∇ₑD(x, e)‖)^p at real pictures with their captions: MA-GP (section 3.2.1, equation 1).

    Args:
        weight: k.
        power: p.
        interval: steps from one evaluation to the next; the value is multiplied by it.

    Raises:
        ConfigError: a number out of its range.
    """

    def __init__(self, weight: float = 2.0, power: float = 6.0, interval: int = 1) -> None:
        if weight < 0 or power < 1 or interval < 1:
            raise ConfigError(
                f"model.matching_penalty has weight {weight}, power {power}, interval {interval}; "
                "they are at least 0, 1 and 1"
            )
        self.weight, self.power, self.interval = weight, power, interval

    def is_due(self, step: int) -> bool:
        return step % self.interval == 0

    def __call__(self, critic: Callable[[Tensor, Tensor], Tensor], image: Tensor, condition: Tensor) -> Tensor:
        """A scalar, differentiable in the critic's weights; in float32 at least.

        Args:
            critic: pictures and conditions to logits.
            image: (n, C, H, W) in [-1, 1].
            condition: (n, d).
        """
        with torch.autocast(image.device.type, enabled=False):
            at = [torch.promote_types(value.dtype, torch.float32) for value in (image, condition)]
            places = [value.detach().to(dtype).requires_grad_(True) for value, dtype in zip((image, condition), at)]
            gradients = torch.autograd.grad(critic(*places).sum(), places, create_graph=True)
            # A root has no derivative at zero, where a critic with dead units can start.
            norms = [(gradient.flatten(1).square().sum(1) + 1e-12).sqrt() for gradient in gradients]
            return self.interval * self.weight * sum(norms).pow(self.power).mean()  # type: ignore[union-attr]
