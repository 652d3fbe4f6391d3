import pytest
import torch
from torch import nn

from gansmith.errors import ConfigError
from gansmith.networks.attention import SelfAttention
from gansmith.networks.resnet_gan import (
    AuxiliaryDiscriminator,
    Discriminator,
    Generator,
    discriminator_stages,
    generator_widths,
)
from gansmith.networks.spectral import SpectralNorm
from gansmith.noise import Noise
from gansmith.objectives.penalties import GradientPenalty

TINY = 1 / 64


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_papers_size_has_the_layers_number_of_parameters():
    convolution = lambda width, following, side: width * following * side**2 + following  # noqa: E731
    enlarging = 2 * convolution(256, 256, 3) + convolution(256, 256, 1) + 4 * 256
    generator = 128 * 4096 + 4096 + 3 * enlarging + 2 * 256 + convolution(256, 3, 3)
    assert parameters(Generator(32, 3)) == generator == 4_276_739
    first = convolution(3, 128, 3) + convolution(128, 128, 3) + convolution(3, 128, 1)
    others = 6 * convolution(128, 128, 3) + convolution(128, 128, 1)
    assert parameters(Discriminator(32, 3)) == first + others + 129 == 1_053_825
    assert parameters(Discriminator(32, 3, classes=10)) == 1_053_825 + 10 * 128
    # Scales and shifts of ten classes for those of one, in six norms of 256.
    assert parameters(Generator(32, 3, classes=10)) == 4_276_739 + 6 * 9 * 2 * 256


def test_widths_are_those_of_the_tables():
    assert generator_widths(32, 1) == [256] * 4
    assert generator_widths(64, 1) == [1024, 512, 256, 128, 64]
    assert generator_widths(128, 1) == [1024, 1024, 512, 256, 128, 64]
    assert discriminator_stages(32, 1) == [(128, True), (128, True), (128, False), (128, False)]
    down = [(64, True), (128, True), (256, True), (512, True), (1024, True)]
    assert discriminator_stages(64, 1) == down
    assert discriminator_stages(128, 1) == [*down, (1024, False)]
    assert generator_widths(32, 0.25) == [64] * 4


@pytest.mark.parametrize("resolution", [8, 16, 32, 64, 128, 256])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_pictures_have_the_datas_size(resolution, channels):
    pictures = Generator(resolution, channels, latent=5, width=TINY)(torch.randn(2, 5))
    assert pictures.shape == (2, channels, resolution, resolution)
    assert pictures.abs().max() <= 1
    assert Discriminator(resolution, channels, width=TINY)(pictures).shape == (2,)
    logits, classes = AuxiliaryDiscriminator(resolution, channels, classes=4, width=TINY)(pictures)
    assert (logits.shape, classes.shape) == ((2,), (2, 4))


def test_every_layer_of_the_discriminator_is_normalised_or_none():
    normed = Discriminator(32, 1, width=TINY, classes=3, attention=16)
    layers = [module for module in normed.modules() if isinstance(module, (nn.Conv2d, nn.Linear, nn.Embedding))]
    assert all(isinstance(layer.spectral, SpectralNorm) for layer in layers)
    for _ in range(200):
        for layer in layers:
            layer.spectral(layer.weight)
    for layer in layers:
        largest = torch.linalg.matrix_norm(layer.spectral(layer.weight).flatten(1), ord=2)
        assert largest.item() == pytest.approx(1.0, abs=1e-3)
    critic = Discriminator(32, 1, width=TINY, classes=3, norm="none")
    assert not any(isinstance(module, (SpectralNorm, nn.BatchNorm2d)) for module in critic.modules())


def test_the_logit_of_a_class_is_a_projection_of_the_features():
    torch.manual_seed(0)
    discriminator = Discriminator(16, 2, width=0.1, classes=3, norm="none")
    pictures, label = torch.randn(4, 2, 16, 16), torch.tensor([0, 2, 1, 2])
    features = discriminator.features(pictures)
    weight, bias = discriminator.output.weight[0], discriminator.output.bias
    expected = features @ weight + bias + (features * discriminator.embedding.weight[label]).sum(1)
    torch.testing.assert_close(discriminator(pictures, label), expected)
    with pytest.raises(ValueError, match="needs a label"):
        discriminator(pictures)


def test_features_are_the_sum_or_the_mean_over_places():
    networks = []
    for pool in ("sum", "mean"):
        torch.manual_seed(0)
        networks.append(Discriminator(32, 1, width=TINY, pool=pool).eval())
    pictures = torch.randn(2, 1, 32, 32)
    torch.testing.assert_close(networks[0].features(pictures), 64 * networks[1].features(pictures))


def test_classes_choose_the_picture_through_the_norms():
    torch.manual_seed(0)
    generator = Generator(16, 1, latent=5, width=TINY, classes=3).eval()
    latent, label = torch.randn(1, 5).expand(3, -1), torch.arange(3)
    alike = generator(latent, label)
    torch.testing.assert_close(alike[0], alike[1])
    nn.init.normal_(generator.blocks[0].norm_1.scale.weight)
    different = generator(latent, label)
    assert not torch.allclose(different[0], different[1])
    with pytest.raises(ValueError, match="needs a label"):
        generator(latent)


@pytest.mark.parametrize("build", [Generator, Discriminator])
def test_attention_stands_behind_the_largest_stage_of_at_most_its_side(build):
    sizes = {"latent": 5, "spectral": True} if build is Generator else {}
    for resolution, side in [(64, 16), (32, 16), (8, 8 if build is Generator else 4)]:
        network = build(resolution, 1, width=TINY, attention=16, **sizes)
        (attend,) = (module for module in network.modules() if isinstance(module, SelfAttention))
        sides = []
        attend.register_forward_hook(lambda _, inputs, output, sides=sides: sides.append(output.shape[-1]))
        network(torch.randn(2, 5) if build is Generator else torch.randn(2, 1, resolution, resolution))
        assert sides == [side]
    with pytest.raises(ConfigError, match="attention is 3"):
        build(32, 1, width=TINY, attention=3, **sizes)


def test_a_pictures_logit_does_not_depend_on_the_others():
    torch.manual_seed(0)
    critic = Discriminator(16, 1, width=0.1, norm="none", pool="mean")
    pictures = torch.randn(4, 1, 16, 16)
    torch.testing.assert_close(critic(pictures)[:1], critic(pictures[:1]))


def test_the_gradient_penalty_of_the_critic_has_the_numerical_derivative():
    torch.manual_seed(0)
    critic = Discriminator(16, 2, width=TINY, classes=3, norm="none", attention=8).double()
    nn.init.constant_(critic.attend[0].gamma, 0.5)
    label, images = torch.tensor([0, 2]), torch.randn(2, 2, 2, 16, 16, dtype=torch.float64)
    weight = critic.blocks[0].convolution_1.weight

    def value() -> torch.Tensor:
        noise = Noise(0, 2, 0, torch.float64)
        return GradientPenalty(10.0)(lambda image: critic(image, label), images[0], images[1], noise)

    (gradient,) = torch.autograd.grad(value(), weight)
    direction, step, values = torch.randn_like(weight), 1e-7, []
    for sign in (1, -1):
        with torch.no_grad():
            weight.add_(direction, alpha=sign * step)
        values.append(value().item())
        with torch.no_grad():
            weight.sub_(direction, alpha=sign * step)
    numerical = (values[0] - values[1]) / (2 * step)
    assert (gradient * direction).sum().item() == pytest.approx(numerical, rel=1e-3, abs=1e-8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resolution": 20}, "data.resolution"),
        ({"resolution": 32, "width": 0}, "width is 0"),
        ({"resolution": 32, "norm": "batch"}, "norm is 'batch'"),
        ({"resolution": 32, "pool": "max"}, "pool is 'max'"),
    ],
)
def test_values_out_of_range_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        Discriminator(channels=1, **arguments)


def test_an_auxiliary_head_needs_classes():
    with pytest.raises(ConfigError, match=r"model\.classes is 0"):
        AuxiliaryDiscriminator(16, 1, classes=0, width=TINY)
