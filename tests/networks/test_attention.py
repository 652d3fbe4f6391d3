import pytest
import torch
from torch import nn

from gansmith.networks.attention import SelfAttention
from gansmith.noise import Noise
from gansmith.objectives.penalties import R1, R2, GradientPenalty


def attention(gamma: float, spectral: bool = False) -> SelfAttention:
    torch.manual_seed(0)
    layer = SelfAttention(8, spectral).double()
    nn.init.constant_(layer.gamma, gamma)
    return layer


def features(seed: int = 0) -> torch.Tensor:
    return torch.randn(2, 8, 4, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_at_first_it_does_nothing():
    layer = SelfAttention(8)
    assert layer.gamma == 0
    assert torch.equal(layer(features().float()), features().float())


def test_each_place_gets_a_mean_of_all_weighted_by_likeness():
    layer, inputs = attention(0.5), features()
    keys, queries, values = layer.f(inputs), layer.g(inputs), layer.h(inputs)
    squares = [(slice(2 * row, 2 * row + 2), slice(2 * column, 2 * column + 2)) for row in (0, 1) for column in (0, 1)]
    output = layer(inputs)
    for image, row, column in [(0, 0, 0), (0, 3, 1), (1, 2, 2)]:
        pooled = [(keys[image][:, a, b].amax((1, 2)), values[image][:, a, b].amax((1, 2))) for a, b in squares]
        likeness = torch.stack([key @ queries[image, :, row, column] for key, _ in pooled]).softmax(0)
        mixed = sum(weight * value for weight, (_, value) in zip(likeness, pooled))
        expected = inputs[image, :, row, column] + 0.5 * layer.v.weight.flatten(1) @ mixed
        torch.testing.assert_close(output[image, :, row, column], expected)


def test_a_place_sees_the_whole_picture():
    layer, inputs = attention(1.0), features().requires_grad_()
    (gradient,) = torch.autograd.grad(layer(inputs)[0, :, 0, 0].sum(), inputs)
    assert (gradient[0].abs().sum(0) > 0).sum() > 8
    assert not gradient[1].any()


@pytest.mark.parametrize("width", [1, 3, 8, 64])
def test_any_width_will_do(width):
    assert SelfAttention(width)(torch.randn(1, width, 8, 8)).shape == (1, width, 8, 8)


@pytest.mark.parametrize("penalty", [GradientPenalty(10.0), R1(1.0), R2(1.0)], ids=lambda p: type(p).__name__)
def test_penalties_have_the_numerical_derivative(penalty):
    torch.manual_seed(0)
    critic = nn.Sequential(
        nn.Conv2d(2, 8, 3, padding=1), attention(0.7), nn.Softplus(), nn.Flatten(), nn.Linear(128, 1)
    )
    critic.double()
    real, fake = features(1)[:, :2], features(2)[:, :2]

    def value() -> torch.Tensor:
        return penalty(lambda image: critic(image).flatten(), real, fake, Noise(0, 2, 0, torch.float64))

    for weight in (critic[0].weight, critic[1].f.weight, critic[1].gamma):
        (gradient,) = torch.autograd.grad(value(), weight)
        direction, step = torch.randn_like(weight), 1e-6
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                weight.add_(direction, alpha=sign * step)
            values.append(value().item())
            with torch.no_grad():
                weight.sub_(direction, alpha=sign * step)
        numerical = (values[0] - values[1]) / (2 * step)
        assert (gradient * direction).sum().item() == pytest.approx(numerical, rel=1e-4, abs=1e-8)
