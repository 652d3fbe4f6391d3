"""Modulated convolution (Karras et al., 2020, arXiv:1912.04958, section 2.2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d

from gansmith.networks.stylegan2.equalized import EqualizedLinear
from gansmith.networks.stylegan2.resampling import blurred

EPSILON = 1e-8


class ModulatedConv2d(nn.Module):
    """A convolution whose weights each style scales: w'_ijk = s_i w_ijk, then w''_ijk = w'_ijk / √(Σ_ik w'_ijk² + ε).

    Equations 1 and 3. s_i is a factor of input channel i and the root one of output channel j, so features are
    scaled in place of weights: one convolution for all samples, whose derivatives of any order are those of an
    ordinary convolution. Weights for each sample, in a grouped convolution, give the same.

    Args:
        width: channels in.
        following: channels out.
        kernel: side of the kernel, odd.
        latent: size of w.
        demodulate: the division of equation 3.
        up: double the side, by a transposed convolution in front of a low-pass filter.
    """

    def __init__(
        self, width: int, following: int, kernel: int, latent: int, demodulate: bool = True, up: bool = False
    ) -> None:
        super().__init__()
        self.affine = EqualizedLinear(latent, width, bias=1.0)
        self.weight = nn.Parameter(torch.randn(following, width, kernel, kernel))
        self.scale, self.padding = 1 / math.sqrt(width * kernel**2), kernel // 2
        self.demodulate, self.up = demodulate, up

    def forward(self, features: Tensor, w: Tensor) -> Tensor:
        """(n, width, s, s) and (n, latent) to (n, following, s, s), or to twice the side."""
        style, weight = self.affine(w), self.weight * self.scale
        convolved = self._convolve(features * style[:, :, None, None], weight)
        if not self.demodulate:
            return convolved
        energy = style.square() @ weight.square().sum((2, 3)).t()
        return convolved * (energy + EPSILON).rsqrt()[:, :, None, None]

    def _convolve(self, features: Tensor, weight: Tensor) -> Tensor:
        if not self.up:
            return conv2d(features, weight, padding=self.padding)
        spread = conv_transpose2d(features, weight.transpose(0, 1), stride=2, padding=self.padding - 1)
        return blurred(spread, padding=1, gain=4.0)
