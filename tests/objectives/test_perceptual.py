"""The perceptual loss: a distance of features, differentiable, and no part of any model."""

import pickle

import pytest
import torch
from torch import nn

from gansmith.errors import ConfigError
from gansmith.objectives.feature_network import feature_network
from gansmith.objectives.perceptual import PerceptualLoss

LAYERS = {"stem": 0.5, "stage2": 0.25}


@pytest.fixture
def loss():
    return PerceptualLoss("efficientnet_lite0", LAYERS)


def pictures(channels=3, side=24, dtype=torch.float64):
    both = torch.rand(2, 2, channels, side, side, generator=torch.Generator().manual_seed(0), dtype=dtype) * 2 - 1
    return both.unbind()


def test_is_the_weighted_mean_absolute_difference_of_features(loss):
    output, target = pictures()
    network = feature_network("efficientnet_lite0", dtype=torch.float64)
    left, right = network(output), network(target)
    expected = sum(weight * (left[layer] - right[layer]).abs().mean() for layer, weight in LAYERS.items())
    torch.testing.assert_close(loss(output, target), expected)
    assert loss(output, target) > 0


def test_equal_pictures_are_no_distance_apart(loss):
    output, _ = pictures(channels=1)
    assert loss(output, output.clone()) == 0


def test_grows_with_the_blur_of_a_photograph(loss):
    from sklearn.datasets import load_sample_image

    photograph = torch.tensor(load_sample_image("flower.jpg"))[:128, :128].permute(2, 0, 1)[None] / 127.5 - 1
    blurred = [nn.functional.avg_pool2d(photograph, size, 1, size // 2) for size in (3, 5, 9)]
    distances = [loss(picture, photograph).item() for picture in blurred]
    assert distances == sorted(distances)
    assert distances[0] > 0


def test_its_gradient_is_that_of_the_picture_alone(loss):
    output, target = pictures(side=10)
    target.requires_grad_()
    small = output[:1, :, :10, :10].requires_grad_()
    # Kinks of ReLU6 and of the absolute value are rarer than the step of the difference quotient.
    assert torch.autograd.gradcheck(lambda picture: loss(picture, target[:1]), small, eps=1e-7, atol=1e-5)
    loss(output.requires_grad_(), target).backward()
    assert target.grad is None


def test_reduced_precision_does_not_reach_it(loss):
    output, target = pictures(dtype=torch.float32)
    expected = loss(output, target)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(loss(output, target), expected)
    half = loss(output.bfloat16(), target.bfloat16())
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, expected, rtol=0.02, atol=0)


def test_no_model_carries_the_network(loss):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.perceptual = loss

    model = Model()
    model.perceptual(*pictures())
    assert not list(model.parameters())
    assert not list(model.buffers())
    assert not model.state_dict()
    assert len(pickle.dumps(loss)) < 1000


def test_says_what_it_compares(loss):
    assert str(loss) == "efficientnet_lite0: stem x 0.5, stage2 x 0.25"
    assert str(PerceptualLoss("vgg19", {"conv5_4": 1.0, "conv1_2": 0.0})) == "vgg19: conv5_4 x 1"


@pytest.mark.parametrize(
    ("network", "layers", "message"),
    [
        ("vgg16", {"conv5_3": 1.0}, "vgg16 is no feature network"),
        ("vgg19", {"conv6_1": 1.0}, r"model\.perceptual\.layers: vgg19 has no conv6_1; it has conv1_1, relu1_1"),
        ("vgg19", {"conv1_1": -1.0}, r"model\.perceptual\.layers\.conv1_1 is -1\.0"),
        ("vgg19", {}, "names none"),
        ("vgg19", {"conv1_1": 0.0}, "names none"),
    ],
)
def test_layers_that_do_not_exist_are_refused(network, layers, message):
    with pytest.raises(ConfigError, match=message):
        PerceptualLoss(network, layers)
