"""StyleGAN2's layers as one writes them first: weights for each sample in a grouped convolution, filters likewise."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, pad

from gansmith.networks.stylegan2.equalized import EqualizedConv2d
from gansmith.networks.stylegan2.modulated import ModulatedConv2d


def filtered(features: Tensor, padding: int, gain: float = 1.0) -> Tensor:
    """[1, 3, 3, 1] in both directions, as a convolution of each channel."""
    line = torch.tensor([1.0, 3.0, 3.0, 1.0], device=features.device) / 8
    kernel = (gain * torch.outer(line, line)).expand(features.shape[1], 1, -1, -1)
    return conv2d(pad(features, (padding,) * 4), kernel, groups=features.shape[1])


class GroupedConv2d(ModulatedConv2d):
    """Modulated and demodulated weights (arXiv:1912.04958, appendix B)."""

    def forward(self, features: Tensor, w: Tensor) -> Tensor:
        rows, width, height, across = features.shape
        weight = self.scale * self.weight[None] * self.affine(w)[:, None, :, None, None]
        if self.demodulate:
            weight = weight * (weight.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        features = features.reshape(1, rows * width, height, across)
        if self.up:
            weight = weight.transpose(1, 2).flatten(0, 1)
            spread = conv_transpose2d(features, weight, stride=2, groups=rows)
            return filtered(spread.unflatten(1, (rows, -1))[0], 1, gain=4.0)
        return conv2d(features, weight.flatten(0, 1), padding=self.padding, groups=rows)[0].unflatten(0, (rows, -1))


class FilteredConv2d(EqualizedConv2d):
    """The filter at every pixel, whatever the stride of the convolution behind it."""

    def forward(self, features: Tensor) -> Tensor:
        weight = self.weight * self.scale
        if not self.down:
            return conv2d(features, weight, self.bias, padding=self.padding)
        return conv2d(filtered(features, self.padding + 1), weight, self.bias, stride=2)


def made_plain(network: nn.Module) -> nn.Module:
    """`network` itself, its layers now these."""
    plain: dict[type[nn.Module], type[nn.Module]] = {ModulatedConv2d: GroupedConv2d, EqualizedConv2d: FilteredConv2d}
    for module in network.modules():
        module.__class__ = plain.get(type(module), type(module))
    return network
