import math

import pytest
import torch
from torch import nn

from gansmith.errors import ConfigError
from gansmith.networks.rrdb import RRDB, DenseBlock, RRDBNet


def test_the_papers_size_has_the_published_number_of_parameters():
    with torch.device("meta"):
        network = RRDBNet(3, 3, scale=4, features=64, blocks=23, growth=32)
    assert sum(parameter.numel() for parameter in network.parameters()) == 16_697_987


@pytest.mark.parametrize(("scale", "multiple"), [(1, 4), (2, 2), (3, 1), (4, 1), (8, 1)])
def test_the_picture_grows_by_the_scale(scale, multiple):
    network = RRDBNet(1, 3, scale=scale, features=4, blocks=1, growth=2)
    assert (network.multiple, network.scale) == (multiple, scale)
    height, width = 3 * multiple, 2 * multiple
    assert network(torch.randn(2, 1, height, width)).shape == (2, 3, scale * height, scale * width)


def test_other_scales_are_refused():
    with pytest.raises(ConfigError, match="scale is 6"):
        RRDBNet(3, 3, scale=6)


def test_without_weights_a_dense_block_is_the_identity_and_three_add_a_fifth():
    dense, block = DenseBlock(4, 2), RRDB(4, 2)
    for parameter in (*dense.parameters(), *block.parameters()):
        nn.init.zeros_(parameter)
    features = torch.randn(1, 4, 5, 5)
    assert torch.equal(dense(features), features)
    torch.testing.assert_close(block(features), 1.2 * features)


def test_residuals_start_at_a_tenth_of_hes_size():
    torch.manual_seed(0)
    network = RRDBNet(3, 3, blocks=1)
    convolution = network.body[0].rdb2.conv3
    assert convolution.weight.std().item() == pytest.approx(0.1 * math.sqrt(2 / (128 * 9)), rel=0.02)


def test_every_convolution_of_a_dense_block_sees_all_before_it():
    block = DenseBlock(6, 3)
    inputs = [getattr(block, f"conv{number}").in_channels for number in range(1, 6)]
    assert inputs == [6, 9, 12, 15, 18]
