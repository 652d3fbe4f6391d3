"""Scaled features against equations 1 and 3 as they stand: weights for each sample, in a grouped convolution."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d

from gansmith.networks.stylegan2.modulated import ModulatedConv2d
from gansmith.networks.stylegan2.resampling import blurred


def layer(demodulate: bool = True, up: bool = False) -> ModulatedConv2d:
    torch.manual_seed(0)
    return ModulatedConv2d(3, 4, 3, latent=5, demodulate=demodulate, up=up).double()


def given(rows: int = 3) -> tuple[Tensor, Tensor]:
    draws = torch.Generator().manual_seed(1)
    return (torch.randn(rows, *shape, generator=draws, dtype=torch.float64) for shape in ((3, 4, 4), (5,)))


def grouped(network: ModulatedConv2d, features: Tensor, w: Tensor) -> Tensor:
    rows = len(features)
    weight = network.scale * network.weight[None] * network.affine(w)[:, None, :, None, None]
    if network.demodulate:
        weight = weight / (weight.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
    features = features.flatten(0, 1)[None]
    if network.up:
        weight = weight.transpose(1, 2).flatten(0, 1)
        spread = conv_transpose2d(features, weight, stride=2, groups=rows)
        return blurred(spread, 1, gain=4.0)[0].unflatten(0, (rows, -1))
    return conv2d(features, weight.flatten(0, 1), padding=1, groups=rows)[0].unflatten(0, (rows, -1))


@pytest.mark.parametrize("up", [False, True], ids=["same", "up"])
@pytest.mark.parametrize("demodulate", [False, True], ids=["modulated", "demodulated"])
def test_it_is_the_grouped_convolution_and_so_are_its_derivatives(demodulate, up):
    network, (features, w) = layer(demodulate, up), given()
    inputs = [features.requires_grad_(), w.requires_grad_(), *network.parameters()]
    results = []
    for way in (network, lambda *both: grouped(network, *both)):
        output = way(features, w)
        gradients = torch.autograd.grad(output.square().sum(), inputs, create_graph=True)
        second = torch.autograd.grad(sum(gradient.square().sum() for gradient in gradients), inputs)
        results.append([output, *gradients, *second])
    torch.testing.assert_close(results[0], results[1])


def test_a_first_and_a_second_derivative_are_the_numerical_ones():
    network, (features, w) = layer(up=True), given(1)
    inputs = (features[:, :, :2, :2].clone().requires_grad_(), w.requires_grad_())
    assert torch.autograd.gradcheck(network, inputs)
    assert torch.autograd.gradgradcheck(network, inputs)


def test_demodulation_takes_the_scale_of_a_style_away():
    network, (features, w) = layer(), given()
    with torch.no_grad():
        network.affine.bias.zero_()
    torch.testing.assert_close(network(features, w), network(features, 10 * w), rtol=1e-5, atol=1e-5)
