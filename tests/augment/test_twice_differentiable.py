"""A gradient penalty through augmentation has the derivative in the weights that numbers say it has."""

import pytest
import torch
from torch import nn

from gansmith.augment.ada import Ada
from gansmith.augment.augment import Augment
from gansmith.augment.diffaugment import DiffAugment
from gansmith.noise import Noise
from gansmith.objectives.penalties import R1


def strongest_ada() -> Ada:
    ada = Ada(batch_size=1)
    ada.level.fill_(ada.images)
    return ada


@pytest.mark.parametrize("augment", [DiffAugment(), strongest_ada()], ids=["diffaugment", "ada"])
@pytest.mark.parametrize("channels", [1, 3])
def test_r1_through_augmentation(augment: Augment, channels: int):
    torch.manual_seed(0)
    convolution = nn.Conv2d(channels, 2, 3)
    critic = nn.Sequential(convolution, nn.Softplus(), nn.Flatten(), nn.Linear(72, 1), nn.Softplus()).double()
    images = torch.randn(3, channels, 8, 8, dtype=torch.float64)

    def value() -> torch.Tensor:
        draws = Noise(5, 3, 0, torch.float64)
        return R1(1.0)(lambda image: critic(augment(image, draws)).flatten(), images, images, draws)

    (gradient,) = torch.autograd.grad(value(), convolution.weight)
    step, place = 1e-5, (1, channels - 1, 1, 2)
    ahead, behind = (moved(convolution.weight, place, value, distance) for distance in (step, -step))
    assert gradient[place].item() == pytest.approx((ahead - behind) / (2 * step), rel=1e-5, abs=1e-9)


def moved(weight: torch.Tensor, place: tuple[int, ...], value, distance: float) -> float:
    """`value()` with one weight moved by `distance`, which is then put back."""
    with torch.no_grad():
        weight[place] += distance
    result = value().item()
    with torch.no_grad():
        weight[place] -= distance
    return result
