import pytest
import torch
from torch import nn

from gansmith.errors import ConfigError
from gansmith.networks.unet import UNetGenerator


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_networks_for_256_px_has_the_published_number_of_parameters():
    with torch.device("meta"):
        assert parameters(UNetGenerator(3, 3, depth=8, norm="batch")) == 54_413_955


@pytest.mark.parametrize(("depth", "side"), [(5, 32), (7, 128), (2, 4), (4, 48)])
def test_outputs_have_the_inputs_size_in_the_range_of_pictures(depth, side):
    network = UNetGenerator(1, 3, depth=depth, features=4)
    output = network(torch.randn(2, 1, side, side))
    assert output.shape == (2, 3, side, side)
    assert output.abs().max() <= 1
    assert network.multiple == 2**depth
    assert network.scale == 1


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
def test_one_picture_reaches_a_bottleneck_of_one_pixel(norm):
    network = UNetGenerator(3, 3, depth=5, features=4, norm=norm)
    picture = torch.randn(1, 3, 32, 32)
    bottleneck = picture
    for down in network.down:
        bottleneck = down(bottleneck)
    assert bottleneck.shape == (1, 32, 1, 1)
    assert bottleneck.abs().max() > 0
    network(picture).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_dropout_is_the_noise_of_training_alone():
    torch.manual_seed(0)
    network = UNetGenerator(3, 3, depth=5, features=4, norm="instance")
    picture = torch.randn(1, 3, 32, 32)
    assert not torch.equal(network(picture), network(picture))
    network.eval()
    assert torch.equal(network(picture), network(picture))


def test_dropout_follows_the_three_stages_behind_the_innermost():
    network = UNetGenerator(3, 3, depth=8, features=2, dropout=0.5)
    with_dropout = [
        stage for stage, up in enumerate(network.up) if any(isinstance(layer, nn.Dropout) for layer in up.modules())
    ]
    assert with_dropout == [1, 2, 3]


def test_the_skips_carry_detail_past_the_bottleneck():
    torch.manual_seed(0)
    network = UNetGenerator(1, 1, depth=4, features=4, norm="none", dropout=0.0).double()
    with torch.no_grad():
        network.down[-1][1].weight.zero_()
    picture = torch.randn(1, 1, 16, 16, dtype=torch.float64, requires_grad=True)
    network(picture)[0, 0, 3, 4].backward()
    assert picture.grad[0, 0, 3, 4] != 0


def test_a_depth_without_a_bottleneck_is_refused():
    with pytest.raises(ConfigError, match="depth is 1"):
        UNetGenerator(3, 3, depth=1)
