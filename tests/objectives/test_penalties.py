"""Penalties against closed forms for critics whose gradient is known, and against numerical derivatives."""

import pytest
import torch
from torch import nn

from gansmith.errors import ConfigError
from gansmith.noise import Noise
from gansmith.objectives.penalties import R1, R2, Dragan, GradientPenalty, ZeroCentred, squared_gradient_norm
from gansmith.training.ramps import Ramp

SHAPE = (3, 2, 4, 4)


def noise(rows: int = 3, seed: int = 0) -> Noise:
    return Noise(seed, rows, 0, torch.float64)


def images(seed: int) -> torch.Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def smooth_critic(norm: bool = False) -> nn.Module:
    torch.manual_seed(0)
    layers = [
        nn.Conv2d(2, 3, 3),
        *([nn.BatchNorm2d(3)] if norm else []),
        nn.Softplus(),
        nn.Flatten(),
        nn.Linear(12, 1),
    ]
    return nn.Sequential(*layers).double()


def test_linear_critic_has_its_weight_as_gradient():
    weight = torch.randn(2, 4, 4, dtype=torch.float64)
    critic = lambda image: (image * weight).sum((1, 2, 3))  # noqa: E731
    squared = weight.square().sum()
    real, fake = images(1), images(2)
    torch.testing.assert_close(squared_gradient_norm(critic, real), squared.expand(3))
    torch.testing.assert_close(R1(4.0)(critic, real, fake, noise()), 2.0 * squared)
    torch.testing.assert_close(R2(4.0)(critic, real, fake, noise()), 2.0 * squared)
    expected = 10.0 * (squared.sqrt() - 1) ** 2
    torch.testing.assert_close(GradientPenalty(10.0)(critic, real, fake, noise()), expected)


def test_quadratic_critic_tells_real_from_fake_and_from_the_line_between():
    critic = lambda image: 0.5 * image.square().sum((1, 2, 3))  # noqa: E731
    real, fake = images(1), images(2)
    torch.testing.assert_close(R1(2.0)(critic, real, fake, noise()), real.square().sum((1, 2, 3)).mean())
    torch.testing.assert_close(R2(2.0)(critic, real, fake, noise()), fake.square().sum((1, 2, 3)).mean())
    position = noise().uniform(3, 1, 1, 1)
    between = position * real + (1 - position) * fake
    expected = (between.flatten(1).norm(dim=1) - 1).square().mean()
    torch.testing.assert_close(GradientPenalty(1.0)(critic, real, fake, noise()), expected)
    zero_centred = between.flatten(1).square().sum(1).mean()
    torch.testing.assert_close(ZeroCentred(1.0)(critic, real, fake, noise()), zero_centred)


def test_dragan_looks_around_real_pictures():
    critic = lambda image: 0.5 * image.square().sum((1, 2, 3))  # noqa: E731
    real, draws = images(1), noise()
    position, around = draws.uniform(3, 1, 1, 1), draws.uniform(3, 2, 4, 4)
    places = real + position * 0.5 * real.std(correction=0) * around
    expected = (places.flatten(1).norm(dim=1) - 1).square().mean()
    torch.testing.assert_close(Dragan(1.0)(critic, real, images(2), noise()), expected)


def moved(weight: torch.Tensor, place: tuple[int, ...], value, distance: float) -> float:
    """`value()` with one weight moved by `distance`, which is then put back."""
    with torch.no_grad():
        weight[place] += distance
    result = value().item()
    with torch.no_grad():
        weight[place] -= distance
    return result


@pytest.mark.parametrize("norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize(
    "penalty",
    [GradientPenalty(10.0), R1(1.0), R2(1.0), Dragan(10.0), ZeroCentred(10.0)],
    ids=lambda p: type(p).__name__,
)
def test_derivative_in_the_weights_is_the_numerical_one(penalty, norm):
    critic = smooth_critic(norm)
    weight = critic[0].weight
    real, fake = images(1), images(2)

    def value() -> torch.Tensor:
        return penalty(lambda image: critic(image).flatten(), real, fake, noise())

    (gradient,) = torch.autograd.grad(value(), weight)
    step = 1e-5
    for place in [(0, 0, 0, 0), (2, 1, 1, 2)]:
        ahead, behind = (moved(weight, place, value, distance) for distance in (step, -step))
        numerical = (ahead - behind) / (2 * step)
        assert gradient[place].item() == pytest.approx(numerical, rel=1e-5, abs=1e-8)


def test_penalty_does_not_reach_the_generator():
    fake = images(2).requires_grad_(True)
    critic = smooth_critic()
    value = GradientPenalty(10.0)(lambda image: critic(image).flatten(), images(1), fake, noise())
    assert torch.autograd.grad(value, fake, allow_unused=True) == (None,)


def test_flat_critic_has_a_finite_derivative():
    weight = torch.zeros(2, 4, 4, dtype=torch.float64, requires_grad=True)
    value = GradientPenalty(10.0)(lambda image: (image * weight).sum((1, 2, 3)), images(1), images(2), noise())
    (gradient,) = torch.autograd.grad(value, weight)
    assert torch.isfinite(gradient).all()
    assert value.item() == pytest.approx(10.0, abs=1e-4)


def test_lazy_penalty_keeps_its_mean():
    lazy, eager = R1(3.0, interval=4), R1(3.0)
    critic = smooth_critic()
    arguments = (lambda image: critic(image).flatten(), images(1), images(2), noise())
    due = [step for step in range(16) if lazy.is_due(step)]
    assert due == [0, 4, 8, 12]
    torch.testing.assert_close(sum(lazy(*arguments) for _ in due) / 16, eager(*arguments))


def test_half_precision_pictures_are_penalised_in_float32():
    critic = smooth_critic().float()
    seen = []

    def watched(image: torch.Tensor) -> torch.Tensor:
        seen.append((image.dtype, critic(image).dtype))
        return critic(image).flatten()

    with torch.autocast("cpu", dtype=torch.bfloat16):
        R1(1.0)(watched, images(1).bfloat16(), images(2).bfloat16(), noise())
    assert seen == [(torch.float32, torch.float32)]


@pytest.mark.parametrize("arguments", [{"weight": -1.0}, {"weight": 1.0, "interval": 0}])
def test_values_out_of_range_are_refused(arguments):
    with pytest.raises(ConfigError, match=r"model\.penalty"):
        R1(**arguments)


def test_a_ramp_is_the_weight_after_the_images_seen():
    critic = lambda image: 0.5 * image.square().sum((1, 2, 3))  # noqa: E731
    real, fake = images(1), images(2)
    penalty, plain = R1(Ramp(4.0, 1.0, images=100, shape="linear")), R1(1.0)(critic, real, fake, noise())
    torch.testing.assert_close(penalty(critic, real, fake, noise()), 4.0 * plain)
    for images_seen, weight in ((50, 2.5), (100, 1.0), (10**6, 1.0), (0, 4.0)):
        penalty.at(images_seen)
        torch.testing.assert_close(penalty(critic, real, fake, noise()), weight * plain)
