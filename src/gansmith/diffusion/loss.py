"""What a denoiser minimises."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import mse_loss

from gansmith.diffusion.prediction import target
from gansmith.diffusion.schedule import Schedule, alpha_sigma
from gansmith.noise import Draws

Denoiser = Callable[[Tensor, Tensor], Tensor]
"""Noisy pictures (n, ...) and their times (n,) to predictions (n, ...)."""


def diffusion_loss(denoise: Denoiser, clean: Tensor, schedule: Schedule, kind: str, draws: Draws) -> Tensor:
    """Mean squared error of the prediction at a uniform time of each row's own, a scalar.

    Ho et al., 2020, arXiv:2006.11239, equation 14, for any kind of prediction.

    Args:
        clean: (n, ...), pictures in [-1, 1] or vectors whose values have a variance about 1.
        kind: what `denoise` predicts.
        draws: of the times and the noise of these n rows.
    """
    rows = len(clean)
    time, noise = draws.uniform(rows, 1).flatten(), draws.normal(rows, *clean.shape[1:])
    alpha, sigma = alpha_sigma(schedule, time, clean.ndim)
    return mse_loss(denoise(alpha * clean + sigma * noise, time), target(kind, clean, noise, alpha, sigma))
