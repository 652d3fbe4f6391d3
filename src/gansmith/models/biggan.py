"""BigGAN: samples can give up variety for fidelity."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor
from torch.special import ndtr, ndtri

from gansmith.errors import ConfigError
from gansmith.models.gan import GAN
from gansmith.noise import latents_by_index


def truncated(latent: Tensor, threshold: float) -> Tensor:
    """Standard normal numbers as those of the normal distribution cut off at ±`threshold`.

    Where Brock et al. (2019, arXiv:1809.11096, section 3.1) draw again what falls outside, quantiles are mapped to
    quantiles here. The distribution is the same, and a sample changes smoothly with the threshold: towards itself
    where that grows, towards zero where it falls.

    Raises:
        ConfigError: the threshold is not above 0.
    """
    if threshold <= 0:
        raise ConfigError(f"truncation is {threshold}; it is the largest number of a latent, above 0")
    inside = ndtr(latent.new_tensor(threshold).double()) - 0.5
    # Half of the distribution, mirrored, keeps numbers exact far outside.
    share = (0.5 - ndtr(-latent.abs().double())) / 0.5 * inside
    return (ndtri(0.5 + share).clamp(max=threshold) * latent.sign()).to(latent.dtype)


class BigGAN(GAN):
    """A `GAN` that also samples from a truncated normal distribution."""

    truncations: ClassVar[tuple[float, ...]] = (2, 1, 0.5, 0.04)
    """Thresholds, those of figure 2."""

    def code(self, indices: Tensor, seed: int, space: str = "z", **conditions: Any) -> Tensor:
        """As `GAN.code`; `truncation`, where it is given, bounds all numbers of the latents."""
        latent = latents_by_index(indices, self.latent, seed)
        threshold = conditions.get("truncation")
        return latent if threshold is None else truncated(latent, threshold)
