import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.networks.vgg_discriminator import VGGDiscriminator


def test_at_128_px_it_has_the_parameters_of_the_well_known_one():
    with torch.device("meta"):
        network = VGGDiscriminator(3, resolution=128, features=64)
    assert sum(parameter.numel() for parameter in network.parameters()) == 14_499_401


@pytest.mark.parametrize(("resolution", "side"), [(32, 4), (48, 6), (64, 4), (80, 5), (96, 6), (112, 7), (128, 4)])
def test_it_halves_the_picture_down_to_a_few_pixels(resolution, side):
    network = VGGDiscriminator(1, resolution=resolution, features=2)
    features = network.features(torch.randn(2, 1, resolution, resolution))
    assert features[-3].shape[-2:] == (side, side)
    assert features[-1].shape == (2,)


def test_logits_of_one_picture_keep_their_axis():
    assert VGGDiscriminator(1, 32, 2).eval()(torch.randn(1, 1, 32, 32)).shape == (1,)


@pytest.mark.parametrize("resolution", [16, 31, 50, 100])
def test_other_resolutions_are_refused(resolution):
    with pytest.raises(ConfigError, match="times a power of two, from 32 on"):
        VGGDiscriminator(3, resolution)


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(ConfigError, match="built for 32 px"):
        VGGDiscriminator(3, 32, 2)(torch.randn(2, 3, 64, 64))
