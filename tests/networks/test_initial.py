import math

import pytest
import torch
from torch import nn

from gansmith.networks.initial import normal_weights, scaled_kaiming_weights


def test_normal_weights_have_the_published_deviations():
    torch.manual_seed(0)
    convolution, norm = nn.Conv2d(64, 64, 3), nn.BatchNorm2d(4096)
    for module in (convolution, norm):
        normal_weights(module)
    assert convolution.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert norm.weight.mean().item() == pytest.approx(1.0, abs=0.002)
    assert norm.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert convolution.bias.abs().max() == norm.bias.abs().max() == 0


def test_scaled_weights_keep_a_tenth_of_the_signal_behind_a_relu():
    torch.manual_seed(0)
    convolution = nn.Conv2d(64, 64, 3, padding=1)
    scaled_kaiming_weights(convolution)
    assert convolution.weight.std().item() == pytest.approx(0.1 * math.sqrt(2 / (64 * 9)), rel=0.02)
    assert convolution.bias.abs().max() == 0
