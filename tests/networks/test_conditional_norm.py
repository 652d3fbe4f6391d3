import pytest
import torch
from torch import nn
from torch.nn.functional import relu, softplus

from gansmith.networks.conditional_norm import ConditionalBatchNorm
from gansmith.noise import Noise
from gansmith.objectives.penalties import R1, R2, GradientPenalty


def features(seed: int = 0) -> torch.Tensor:
    return torch.randn(6, 3, 4, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def random_norm() -> ConditionalBatchNorm:
    torch.manual_seed(0)
    norm = ConditionalBatchNorm(3, classes=4).double()
    nn.init.normal_(norm.scale.weight)
    nn.init.normal_(norm.shift.weight)
    return norm


def test_statistics_are_the_batchs_and_scales_the_classes():
    norm, inputs, label = random_norm(), features(), torch.tensor([0, 1, 3, 3, 2, 0])
    mean = inputs.mean((0, 2, 3), keepdim=True)
    deviation = (inputs.var((0, 2, 3), correction=0, keepdim=True) + norm.norm.eps).sqrt()
    scale, shift = norm.scale.weight[label], norm.shift.weight[label]
    expected = scale[:, :, None, None] * (inputs - mean) / deviation + shift[:, :, None, None]
    torch.testing.assert_close(norm(inputs, label), expected)


def test_classes_start_alike_as_batch_norm():
    norm, plain = ConditionalBatchNorm(3, classes=4).double(), nn.BatchNorm2d(3).double()
    for label in (torch.zeros(6, dtype=torch.long), torch.arange(6) % 4):
        torch.testing.assert_close(norm(features(), label), plain(features()))


def test_without_classes_it_is_batch_norm():
    norm, plain = ConditionalBatchNorm(3), nn.BatchNorm2d(3)
    assert sum(p.numel() for p in norm.parameters()) == sum(p.numel() for p in plain.parameters())
    assert torch.equal(norm(features().float()), plain(features().float()))


def test_a_missing_label_is_named():
    with pytest.raises(ValueError, match="needs a label"):
        ConditionalBatchNorm(3, classes=2)(features().float())


class Critic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.last = nn.Conv2d(3, 3, 3), random_norm(), nn.Linear(12, 1)

    def forward(self, image: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return self.last(softplus(self.norm(self.first(image), label)).flatten(1)).flatten()


@pytest.mark.parametrize("penalty", [GradientPenalty(10.0), R1(1.0), R2(1.0)], ids=lambda p: type(p).__name__)
def test_penalties_have_the_numerical_derivative(penalty):
    critic, label = Critic().double(), torch.tensor([0, 1, 3, 3, 2, 0])

    def value() -> torch.Tensor:
        noise = Noise(0, 6, 0, torch.float64)
        return penalty(lambda image: critic(image, label), features(1), relu(features(2)), noise)

    for weight in (critic.first.weight, critic.norm.scale.weight):
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
        assert (gradient * direction).sum().item() == pytest.approx(numerical, rel=1e-5, abs=1e-8)
