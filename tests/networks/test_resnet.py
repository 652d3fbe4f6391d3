import pytest
import torch
from torch import nn

from gansmith.networks.resnet import ResidualBlock, ResNetGenerator


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(("blocks", "count"), [(9, 11_378_179), (6, 7_837_699)])
@pytest.mark.parametrize("antialias", [False, True])
def test_the_papers_sizes_have_the_published_numbers_of_parameters(blocks, count, antialias):
    with torch.device("meta"):
        assert parameters(ResNetGenerator(3, 3, blocks=blocks, antialias=antialias)) == count


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("size", [(32, 32), (8, 12), (40, 64)])
def test_outputs_have_the_inputs_size_in_the_range_of_pictures(antialias, size):
    network = ResNetGenerator(3, 1, blocks=2, features=4, antialias=antialias)
    output = network(torch.randn(2, 3, *size))
    assert output.shape == (2, 1, *size)
    assert output.abs().max() <= 1
    assert (network.multiple, network.scale) == (4, 1)


def test_a_residual_block_without_weights_is_the_identity():
    block = ResidualBlock(4, "none", dropout=0.0)
    for parameter in block.parameters():
        nn.init.zeros_(parameter)
    features = torch.randn(1, 4, 6, 6)
    assert torch.equal(block(features), features)


def test_features_are_those_on_the_way_to_the_output():
    network = ResNetGenerator(3, 3, blocks=6, features=4, antialias=True)
    picture = torch.randn(2, 3, 32, 32)
    features = network.features_at(picture, [0, 4, 8, 12, 16])
    assert [tuple(map.shape[1:]) for map in features] == [
        (3, 38, 38),
        (8, 32, 32),
        (16, 16, 16),
        (16, 8, 8),
        (16, 8, 8),
    ]
    assert torch.equal(network.layers[17:](features[-1]), network(picture))


def test_features_come_without_running_the_decoder():
    network = ResNetGenerator(3, 3, blocks=2, features=4)
    ran = []
    for number, layer in enumerate(network.layers):
        layer.register_forward_hook(lambda *_, number=number: ran.append(number))
    network.features_at(torch.randn(1, 3, 16, 16), [8, 4])
    assert ran == list(range(9))


def test_features_keep_the_order_in_which_they_are_asked_for():
    network = ResNetGenerator(3, 3, blocks=2, features=4)
    picture = torch.randn(1, 3, 16, 16)
    later, earlier = network.features_at(picture, [8, 4])
    assert torch.equal(later, network.features_at(picture, [8])[0])
    assert torch.equal(earlier, network.features_at(picture, [4])[0])


def test_blur_pooling_makes_the_features_follow_a_shift_more_closely():
    torch.manual_seed(0)
    picture = torch.randn(4, 3, 64, 64)
    differences = {}
    for antialias in (False, True):
        network = ResNetGenerator(3, 3, blocks=1, features=8, antialias=antialias)
        network.layers = network.layers[: 12 if antialias else 10]
        whole, shifted = network(picture), network(picture.roll(2, dims=3))
        # Two pixels are half a pixel of the features: halfway between the neighbours, away from the edges.
        halfway = (whole + whole.roll(1, dims=3)) / 2
        difference = (shifted - halfway)[..., 4:-4].square().mean() / whole.var()
        differences[antialias] = difference.item()
    assert differences[True] < 0.7 * differences[False]
