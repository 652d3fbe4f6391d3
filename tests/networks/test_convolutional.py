import pytest
import torch
from torch import nn

from gansmith.errors import ConfigError
from gansmith.networks.convolutional import AuxiliaryDiscriminator, Discriminator


def test_at_32_px_convolutions_are_the_papers():
    network = AuxiliaryDiscriminator(32, 3, classes=10)
    convolutions = [layer for layer in network.layers if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [16, 32, 64, 128, 256, 512]
    assert [layer.stride[0] for layer in convolutions] == [2, 1, 2, 1, 2, 1]
    assert [layer.p for layer in network.layers if isinstance(layer, nn.Dropout)] == [0.5] * 6
    assert [layer.num_features for layer in network.layers if isinstance(layer, nn.BatchNorm2d)] == [
        32, 64, 128, 256, 512,
    ]  # fmt: skip
    assert (network.output.in_features, network.classify.out_features) == (16 * 512, 10)


@pytest.mark.parametrize("resolution", [8, 16, 32, 64, 128, 256])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_any_power_of_two_and_any_channels(resolution, channels):
    pictures = torch.randn(2, channels, resolution, resolution)
    assert Discriminator(resolution, channels, features=1)(pictures).shape == (2,)
    logits, classes = AuxiliaryDiscriminator(resolution, channels, classes=4, features=1)(pictures)
    assert (logits.shape, classes.shape) == ((2,), (2, 4))


def test_the_label_changes_the_logit():
    torch.manual_seed(0)
    discriminator = Discriminator(16, 1, features=4, classes=3, norm="none")
    picture = torch.randn(1, 1, 16, 16).expand(3, -1, -1, -1)
    assert discriminator(picture, torch.arange(3)).unique().numel() == 3


@pytest.mark.parametrize("arguments", [{"resolution": 12}, {"resolution": 16, "norm": "layer"}])
def test_values_out_of_range_are_refused(arguments):
    with pytest.raises(ConfigError):
        Discriminator(channels=1, **arguments)
    with pytest.raises(ConfigError, match=r"model\.classes"):
        AuxiliaryDiscriminator(16, 1, classes=0)
