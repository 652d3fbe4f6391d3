import pytest
import torch
from torch import nn

from gansmith.errors import ConfigError
from gansmith.networks.unet_discriminator import UNetDiscriminator


def test_it_has_the_parameters_of_the_well_known_one():
    network = UNetDiscriminator(3, features=64)
    assert sum(parameter.numel() for parameter in network.parameters()) == 4_376_897


@pytest.mark.parametrize("size", [(8, 8), (24, 40)])
def test_every_pixel_has_a_logit(size):
    assert UNetDiscriminator(3, features=4)(torch.randn(2, 3, *size)).shape == (2, 1, *size)


def test_sides_that_three_halvings_cut_are_refused():
    with pytest.raises(ConfigError, match="multiples of 8"):
        UNetDiscriminator(3, features=4)(torch.randn(1, 3, 20, 24))


def test_normed_convolutions_have_largest_singular_value_one():
    torch.manual_seed(0)
    network = UNetDiscriminator(3, features=4)
    for _ in range(60):
        network(torch.randn(1, 3, 8, 8))
    network.eval()
    normed = [*network.down, *network.up, *network.head]
    assert len(normed) == 8
    for convolution in normed:
        largest = torch.linalg.matrix_norm(convolution.weight.flatten(1), ord=2)
        assert largest.item() == pytest.approx(1.0, abs=0.02)
    assert nn.utils.parametrize.is_parametrized(network.first) is False


def test_a_logit_sees_its_pixel_sharply_and_its_surroundings_too():
    torch.manual_seed(0)
    network = UNetDiscriminator(1, features=4).eval().double()
    picture = torch.randn(1, 1, 64, 64, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(network(picture)[0, 0, 32, 32], picture)
    seen = gradient[0, 0].abs()
    assert seen[32, 32] > 0
    assert (seen > 0).sum() > 32**2
    # The skip at full size leaves the near pixels by far the heaviest.
    assert seen[29:36, 29:36].sum() > 0.5 * seen.sum()
