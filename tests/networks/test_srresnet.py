import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate

from gansmith.networks.srresnet import SRResNet


def without_weights(network: nn.Module) -> nn.Module:
    for parameter in network.parameters():
        nn.init.zeros_(parameter)
    return network


def test_the_well_known_size_has_the_published_number_of_parameters():
    with torch.device("meta"):
        network = SRResNet(3, 3, scale=4, features=64, blocks=16)
    assert sum(parameter.numel() for parameter in network.parameters()) == 1_517_571


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("size", [(5, 7), (1, 1)])
def test_the_picture_grows_by_the_scale(scale, size):
    network = SRResNet(3, 3, scale=scale, features=4, blocks=1)
    assert network(torch.randn(2, 3, *size)).shape == (2, 3, scale * size[0], scale * size[1])
    assert (network.multiple, network.scale) == (1, scale)


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_without_weights_it_is_the_bilinear_enlargement(scale):
    picture = torch.rand(1, 3, 6, 5) * 2 - 1
    output = without_weights(SRResNet(3, 3, scale=scale, features=4, blocks=1))(picture)
    torch.testing.assert_close(output, interpolate(picture, scale_factor=scale, mode="bilinear"), atol=1e-6, rtol=1e-5)


def test_without_weights_at_one_size_it_is_the_picture_without_its_mask():
    masked = torch.rand(1, 4, 6, 5) * 2 - 1
    output = without_weights(SRResNet(4, 3, scale=1, features=4, blocks=1))(masked)
    torch.testing.assert_close(output, masked[:, :3], atol=1e-6, rtol=1e-5)


def test_without_weights_a_narrower_input_becomes_mid_grey():
    output = without_weights(SRResNet(1, 2, scale=1, features=4, blocks=1))(torch.rand(1, 1, 6, 5))
    assert torch.equal(output, torch.zeros(1, 2, 6, 5))


def test_at_first_it_is_close_to_the_bilinear_enlargement():
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 16, 16) * 2 - 1
    difference = SRResNet(3, 3)(picture) - interpolate(picture, scale_factor=4, mode="bilinear")
    assert difference.abs().max() < 0.01
