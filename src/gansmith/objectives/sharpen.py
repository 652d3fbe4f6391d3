"""Sharper pictures as what a generator should reach."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from gansmith.errors import ConfigError


class UnsharpMask:
    """Adds to a picture what a blur takes away, where that is more than noise.

    Real-ESRGAN's (Wang et al., 2021, arXiv:2107.10833), with the numbers of its official code: the mask itself is
    blurred, so that sharpened regions have soft borders.

    Args:
        radius: of the Gaussian, in pixels.
        sigma: of the Gaussian, in pixels.
        amount: share of the difference that is added.
        threshold: difference of which a pixel is sharpened, in 255ths of the range from black to white.

    Raises:
        ConfigError: a radius below one pixel, a sigma that is not positive, or a negative amount or threshold.
    """

    def __init__(self, radius: int = 25, sigma: float = 8.0, amount: float = 0.5, threshold: float = 10.0) -> None:
        if radius < 1 or sigma <= 0 or amount < 0 or threshold < 0:
            raise ConfigError("model.sharpen: radius counts pixels from 1, sigma is above 0, the rest not below 0")
        self.radius, self.sigma, self.amount, self.threshold = radius, sigma, amount, threshold

    def __call__(self, pictures: Tensor) -> Tensor:
        """Sharpened pictures, (n, c, h, w) in [-1, 1]."""
        detail = pictures - self._blur(pictures)
        mask = self._blur((detail.abs() * 127.5 > self.threshold).to(pictures))
        sharp = (pictures + self.amount * detail).clamp(-1, 1)
        return mask * sharp + (1 - mask) * pictures

    def _blur(self, pictures: Tensor) -> Tensor:
        places = torch.arange(-self.radius, self.radius + 1, device=pictures.device, dtype=pictures.dtype)
        weights = torch.softmax(-(places**2) / (2 * self.sigma**2), dim=0)
        channels, border = pictures.shape[1], (self.radius,) * 4
        # A mirror image is no larger than what it mirrors.
        mode = "reflect" if self.radius < min(pictures.shape[-2:]) else "replicate"
        framed = pad(pictures, border, mode=mode)
        rows = weights.view(1, 1, 1, -1).expand(channels, -1, -1, -1)
        columns = weights.view(1, 1, -1, 1).expand(channels, -1, -1, -1)
        return conv2d(conv2d(framed, rows, groups=channels), columns, groups=channels)
