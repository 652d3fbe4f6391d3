"""What a denoiser minimises."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import mse_loss

from gansmith.diffusion.prediction import target
from gansmith.diffusion.schedule import Schedule, alpha_sigma
from gansmith.diffusion.times import Times, Uniform
from gansmith.noise import Draws

Denoiser = Callable[[Tensor, Tensor], Tensor]
"""Noisy pictures (n, ...) and their times (n,) to predictions (n, ...)."""

UNIFORM = Uniform()


def diffusion_loss(
    denoise: Denoiser, clean: Tensor, schedule: Schedule, kind: str, draws: Draws, times: Times = UNIFORM
) -> Tensor:
    """Mean squared error of the prediction at a time of each row's own, a scalar.

    Ho et al., 2020, arXiv:2006.11239, equation 14, for any kind of prediction.

    Args:
        clean: (n, ...), pictures in [-1, 1] or vectors whose values have a variance about 1.
        kind: what `denoise` predicts.
        draws: of the times and the noise of these n rows.
        times: how times are drawn.
    """
    rows = len(clean)
    time, noise = times.draw(draws, rows), draws.normal(rows, *clean.shape[1:])
    alpha, sigma = alpha_sigma(schedule, time, clean.ndim)
    return mse_loss(denoise(alpha * clean + sigma * noise, time), target(kind, clean, noise, alpha, sigma))
