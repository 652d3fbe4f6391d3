"""Spectral norm against singular values, and what copies, averages and ranks make of it."""

import pickle
from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

from gansmith.networks.spectral import SpectralNorm, spectral_norm
from gansmith.training.ema import update_average


def settled(layer: nn.Module) -> nn.Module:
    """With u where power iteration ends."""
    for _ in range(1000):
        layer.spectral(layer.weight)
    return layer


def layers() -> list[nn.Module]:
    torch.manual_seed(0)
    plain = [nn.Conv2d(3, 5, 3, padding=1), nn.Linear(7, 4), nn.Embedding(6, 5)]
    return [spectral_norm(layer).double() for layer in plain]


@pytest.mark.parametrize("place", [0, 1, 2], ids=["convolution", "linear", "embedding"])
def test_the_largest_singular_value_is_one(place):
    layer = settled(layers()[place])
    weight = layer.spectral(layer.weight).flatten(1)
    assert torch.linalg.matrix_norm(weight, ord=2).item() == pytest.approx(1.0, abs=1e-6)


def test_a_layer_works_by_its_normalised_weight():
    convolution, linear, embedding = (settled(layer).eval() for layer in layers())
    image, rows, labels = torch.randn(2, 3, 4, 4).double(), torch.randn(2, 7).double(), torch.tensor([1, 5])
    sizes = [torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2) for layer in (convolution, linear, embedding)]
    expected = nn.functional.conv2d(image, convolution.weight / sizes[0], convolution.bias, padding=1)
    torch.testing.assert_close(convolution(image), expected)
    torch.testing.assert_close(linear(rows), rows @ (linear.weight / sizes[1]).T + linear.bias)
    torch.testing.assert_close(embedding(labels), embedding.weight[labels] / sizes[2])


def test_a_forward_pass_is_one_step_of_power_iteration():
    _, layer, _ = layers()
    before, weight = layer.spectral.u.clone(), layer.weight.detach()
    layer(torch.randn(3, 7).double())
    torch.testing.assert_close(layer.spectral.u, normalize(weight @ normalize(weight.T @ before, dim=0), dim=0))
    after = layer.spectral.u.clone()
    layer.eval()(torch.randn(3, 7).double())
    assert torch.equal(layer.spectral.u, after)


def test_where_no_iteration_has_ended_yet_the_estimate_is_already_near():
    torch.manual_seed(0)
    weight = torch.randn(64, 32, 3, 3)
    norm = SpectralNorm(weight)(weight).flatten(1)
    assert torch.linalg.matrix_norm(norm, ord=2).item() == pytest.approx(1.0, abs=0.05)


def test_derivatives_are_the_numerical_ones():
    for layer in layers()[:2]:
        settled(layer).eval()
        weight, direction = layer.weight.detach(), torch.randn_like(layer.weight)
        target = torch.randn_like(weight)

        def value(at, spectral=layer.spectral, target=target):
            return (spectral(at) * target).sum()

        (gradient,) = torch.autograd.grad(value(at := weight.clone().requires_grad_()), at)
        step = 1e-6
        numerical = (value(weight + step * direction) - value(weight - step * direction)) / (2 * step)
        torch.testing.assert_close((gradient * direction).sum(), numerical, rtol=1e-5, atol=1e-7)


def test_two_passes_before_one_backward_pass_are_allowed():
    _, layer, _ = layers()
    rows = torch.randn(3, 7).double()
    (layer(rows).sum() - layer(2 * rows).square().sum()).backward()
    assert layer.weight.grad.isfinite().all()


def test_names_of_weights_stay_and_one_buffer_is_saved():
    plain, normed = nn.Conv2d(3, 5, 3), spectral_norm(nn.Conv2d(3, 5, 3))
    assert [name for name, _ in normed.named_parameters()] == [name for name, _ in plain.named_parameters()]
    assert set(normed.state_dict()) - set(plain.state_dict()) == {"spectral.u"}


def test_copies_are_their_own_and_can_be_sent():
    for layer in layers():
        inputs = {"Conv2d": torch.randn(1, 3, 4, 4).double(), "Linear": torch.randn(1, 7).double()}
        given = inputs.get(type(layer).__name__.removeprefix("Spectral"), torch.tensor([2]))
        layer.eval()
        for copy in (deepcopy(layer), pickle.loads(pickle.dumps(layer))):
            assert torch.equal(copy(given), layer(given))
            assert copy.spectral.u.data_ptr() != layer.spectral.u.data_ptr()


def test_an_averaged_network_is_normalised_too():
    torch.manual_seed(0)
    network, other = (spectral_norm(nn.Linear(7, 4)).double() for _ in range(2))
    average = deepcopy(network).requires_grad_(False)
    update_average(average, other, 0.5)
    assert average.spectral.u.norm() < 0.95
    # As right as one step of power iteration from there, whatever the length of the averaged vector.
    shorter = deepcopy(average)
    shorter.spectral.u.mul_(0.1)
    torch.testing.assert_close(shorter.eval().spectral(shorter.weight), average.eval().spectral(average.weight))


def test_ranks_agree_whatever_they_see():
    torch.manual_seed(0)
    here = spectral_norm(nn.Conv2d(2, 4, 3))
    there = deepcopy(here)
    for _ in range(3):
        here(torch.randn(2, 2, 5, 5))
        there(torch.randn(2, 2, 5, 5))
    assert torch.equal(here.spectral.u, there.spectral.u)
