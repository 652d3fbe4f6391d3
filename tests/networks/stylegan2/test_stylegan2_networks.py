"""Generator and discriminator as wholes."""

import pytest
import torch
from torch import nn

from gansmith.errors import ConfigError
from gansmith.networks.stylegan2.discriminator import Discriminator
from gansmith.networks.stylegan2.generator import Generator
from gansmith.networks.stylegan2.widths import widths_from_4x4
from gansmith.noise import Noise, NoiseByIndex
from gansmith.objectives.penalties import R1

TINY = {"width": 1 / 32, "most": 4}


def generator(resolution: int = 16, channels: int = 2, classes: int = 0) -> Generator:
    torch.manual_seed(0)
    return Generator(resolution, channels, latent=5, mapping_layers=2, classes=classes, **TINY)


def parameters(build: type[nn.Module], *sizes: int, **settings: object) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in build(*sizes, **settings).parameters())


def test_published_sizes_have_the_published_number_of_parameters():
    assert parameters(Generator, 256, 3, width=0.5) == 24_767_458
    assert parameters(Discriminator, 256, 3, width=0.5) == 24_001_089
    assert parameters(Generator, 32, 3, mapping_layers=2) == 19_947_539
    assert parameters(Discriminator, 32, 3) == 21_507_073
    # Without the three skips, as the configuration for CIFAR-10 has it.
    assert parameters(Discriminator, 32, 3, residual=False) == 21_507_073 - 3 * 512**2


def test_widths_are_those_of_the_configurations():
    assert widths_from_4x4(1024, 1.0, 512) == [512] * 5 + [256, 128, 64, 32]
    assert widths_from_4x4(256, 0.5, 512) == [512] * 4 + [256, 128, 64]
    with pytest.raises(ConfigError, match="width is 1e-05"):
        widths_from_4x4(32, 1e-5, 64)
    with pytest.raises(ConfigError, match="power of two"):
        widths_from_4x4(24, 1.0, 64)


@pytest.mark.parametrize("resolution", [8, 16, 32, 128])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_pictures_have_the_datas_size(resolution, channels):
    pictures = generator(resolution, channels)(torch.randn(2, 5))
    assert pictures.shape == (2, channels, resolution, resolution)
    assert Discriminator(resolution, channels, **TINY)(pictures).shape == (2,)


def test_noise_is_what_the_draws_say_and_none_without_them():
    network, latent = generator(), torch.randn(2, 5)
    for module in network.modules():
        if hasattr(module, "strength"):
            nn.init.ones_(module.strength)
    noisy = [network(latent, None, NoiseByIndex(seed, torch.tensor([4, 7]))) for seed in (0, 0, 1)]
    assert torch.equal(noisy[0], noisy[1])
    assert not torch.allclose(noisy[0], noisy[2])
    alone = network(latent[1:], None, NoiseByIndex(0, torch.tensor([7])))
    torch.testing.assert_close(alone, noisy[0][1:])
    assert torch.equal(network(latent), network(latent))


def test_each_layer_has_a_w_of_its_own():
    network = generator()
    styles = torch.randn(1, network.synthesis.layers, 5, requires_grad=True)
    (gradient,) = torch.autograd.grad(network.synthesis(styles).square().sum(), styles)
    assert network.synthesis.layers == 2 * 4 - 2
    assert (gradient.abs().sum(2) > 0).all()


def test_truncation_moves_towards_the_tracked_mean():
    network, latent = generator(), torch.randn(3, 5)
    network.track(torch.ones(5), momentum=0.75)
    torch.testing.assert_close(network.mean, torch.full((5,), 0.25))
    w = network.mapping(latent)
    torch.testing.assert_close(network.truncated(w, 0.5), 0.25 + 0.5 * (w - 0.25))
    assert torch.equal(network(latent, truncation=1.0), network(latent))
    same = network(latent, truncation=0.0)
    torch.testing.assert_close(same[0], same[1])


def test_classes_change_pictures_and_logits():
    network, latent, label = generator(classes=3), torch.randn(1, 5).expand(3, -1), torch.arange(3)
    pictures = network(latent, label)
    assert not torch.allclose(pictures[0], pictures[1])
    judge = Discriminator(16, 2, classes=3, group=1, **TINY)
    one = pictures[:1].expand(3, -1, -1, -1)
    logits = judge(one, label)
    assert not torch.allclose(logits[0], logits[1])
    torch.testing.assert_close(judge(one[:1], label[1:2]), logits[1:2])
    for network_, inputs in ((network, latent), (judge, one)):
        with pytest.raises(ValueError, match="needs a label"):
            network_(inputs)


@pytest.mark.parametrize("residual", [True, False])
def test_r1_has_the_numerical_derivative(residual):
    torch.manual_seed(0)
    judge = Discriminator(8, 2, residual=residual, **TINY).double()
    real = torch.randn(4, 2, 8, 8, dtype=torch.float64)
    noise = Noise(0, 4, 0, torch.float64)

    def value() -> torch.Tensor:
        return R1(2.0)(judge, real, real, noise)

    weights = [judge.from_picture.weight, judge.stages[0].down.weight, judge.convolution.weight]
    gradients = torch.autograd.grad(value(), weights)
    for weight, gradient in zip(weights, gradients):
        direction = torch.randn_like(weight)
        ends = []
        for distance in (1e-6, -1e-6):
            with torch.no_grad():
                weight += distance * direction
            ends.append(value().detach())
            with torch.no_grad():
                weight -= distance * direction
        torch.testing.assert_close((gradient * direction).sum(), (ends[0] - ends[1]) / 2e-6, rtol=1e-5, atol=1e-7)
