"""R3GAN's networks: sizes, resampling, what they start as, and penalties through them."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from gansmith.errors import ConfigError
from gansmith.networks.r3gan import Discriminator, Generator, ResidualBlock, doubled, halved
from gansmith.noise import Noise
from gansmith.objectives.penalties import R1, R2

SMALL = {"features": 8, "full_width": 8, "cardinality": 2, "blocks": 1}
LINE = torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64)
KERNEL = torch.outer(LINE, LINE)[None, None]


def moved(network: nn.Module) -> nn.Module:
    """In double precision, with weights at which every layer counts."""
    generator = torch.Generator().manual_seed(1)
    network = network.double()
    with torch.no_grad():
        for parameter in network.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.add_(noise / parameter[0].numel() ** 0.5)
    return network


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


@pytest.mark.parametrize(
    ("resolution", "generator", "discriminator"), [(32, 20_732_160, 20_683_776), (256, 23_057_952, 23_009_568)]
)
def test_the_papers_sizes_have_the_papers_parameters(resolution, generator, discriminator):
    with torch.device("meta"):
        assert parameters(Generator(resolution, 3)) == generator
        assert parameters(Discriminator(resolution, 3)) == discriminator


@pytest.mark.parametrize("resolution", [8, 16, 64, 128])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_any_resolution_and_any_channels(resolution, channels):
    generator = Generator(resolution, channels, latent=6, **SMALL)
    discriminator = Discriminator(resolution, channels, **SMALL)
    pictures = generator(torch.randn(2, 6))
    assert pictures.shape == (2, channels, resolution, resolution)
    assert discriminator(pictures).shape == (2,)


def test_the_largest_resolution_is_built_from_blocks_that_stay_grouped():
    with torch.device("meta"):
        network = Generator(1024, 3)
    groups = [module.grouped for module in network.modules() if isinstance(module, ResidualBlock)]
    assert {layer.in_channels // layer.groups for layer in groups} == {16}
    assert [layer.groups for layer in groups[::2]] == [96, 96, 96, 96, 48, 24, 12, 6, 3]


def test_widths_that_the_groups_do_not_divide_have_fewer_groups():
    network = Discriminator(32, 1, features=5, full_width=8, cardinality=4, blocks=1)
    assert network(torch.randn(2, 1, 32, 32)).shape == (2,)


@pytest.mark.parametrize("resolution", [4, 12, 0])
def test_other_resolutions_are_refused(resolution):
    for build in (Generator, Discriminator):
        with pytest.raises(ConfigError, match=r"data\.resolution"):
            build(resolution, 1)


@pytest.mark.parametrize("size", ["features", "full_width", "cardinality", "blocks"])
def test_sizes_below_one_are_refused(size):
    for build in (Generator, Discriminator):
        with pytest.raises(ConfigError, match=rf"model\.{size}"):
            build(8, 1, **{size: 0})


# Resampling


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_down_is_a_binomial_filter_at_every_second_pixel():
    image = picture(2, 1, 8, 8)
    expected = conv2d(pad(image, (1, 1, 1, 1), mode="replicate"), KERNEL / 16, stride=2)
    torch.testing.assert_close(halved(image), expected)


def test_up_is_a_binomial_filter_over_zeros_between_the_pixels():
    image = picture(2, 1, 4, 4)
    # The last pixel comes again behind the edge.
    repeated = pad(image, (0, 1, 0, 1), mode="replicate")
    zeros = repeated.new_zeros(2, 1, 11, 11)
    zeros[..., 1:10:2, 1:10:2] = repeated
    torch.testing.assert_close(doubled(image), conv2d(zeros, KERNEL / 4)[..., :8, :8])


def test_up_is_four_times_the_adjoint_of_down_away_from_edges():
    coarse, fine = picture(1, 1, 8, 8), picture(1, 1, 16, 16, seed=1)
    coarse, fine = coarse * pad(torch.ones(4, 4), (2, 2, 2, 2)), fine * pad(torch.ones(10, 10), (3, 3, 3, 3))
    torch.testing.assert_close((doubled(coarse) * fine).sum(), 4 * (coarse * halved(fine)).sum())


def test_flat_pictures_stay_flat():
    flat = torch.full((1, 2, 4, 4), 3.0)
    assert torch.equal(doubled(flat), torch.full((1, 2, 8, 8), 3.0))
    assert torch.equal(halved(flat), torch.full((1, 2, 2, 2), 3.0))


# What training starts from


def test_blocks_start_as_the_identity():
    features = torch.randn(2, 8, 4, 4)
    assert torch.equal(ResidualBlock(8, groups=2, depth=4)(features), features)


def test_weights_in_blocks_shrink_with_the_fourth_root_of_their_number():
    torch.manual_seed(0)
    block = ResidualBlock(128, groups=4, depth=16)
    gain = (2 / (1 + 0.2**2)) ** 0.5
    assert block.expand.weight.std().item() == pytest.approx(0.5 * gain / 128**0.5, rel=0.02)
    assert block.grouped.weight.std().item() == pytest.approx(0.5 * gain / (64 * 9) ** 0.5, rel=0.02)


def test_untrained_pictures_and_logits_have_the_scale_of_their_inputs():
    torch.manual_seed(0)
    pictures = Generator(8, 1, features=256, cardinality=8, blocks=1)(torch.randn(64, 64))
    assert 0.3 < pictures.std().item() < 1.5
    images = torch.randn(64, 1, 8, 8)
    assert 0.1 < Discriminator(8, 1, features=256, cardinality=8, blocks=1)(images).std().item() < 1.5


# Labels


def test_labels_count_and_are_asked_for():
    torch.manual_seed(0)
    generator, discriminator = Generator(8, 1, latent=6, classes=3, **SMALL), Discriminator(8, 1, classes=3, **SMALL)
    latent, labels = torch.randn(1, 6).expand(3, 6), torch.arange(3)
    pictures = generator(latent, labels)
    assert not torch.allclose(pictures[0], pictures[1])
    logits = discriminator(pictures[:1].expand(3, 1, 8, 8), labels)
    assert logits.shape == (3,)
    assert logits.unique().numel() == 3
    for network, inputs in ((generator, latent), (discriminator, pictures)):
        with pytest.raises(ValueError, match="needs a label"):
            network(inputs)


def test_the_logit_is_linear_in_the_labels_embedding():
    network = moved(Discriminator(8, 1, classes=2, **SMALL))
    image = picture(4, 1, 8, 8)
    labels = torch.ones(4, dtype=torch.int64)
    before = network(image, labels)
    with torch.no_grad():
        network.embedding.weight.mul_(3)
    torch.testing.assert_close(network(image, labels), 3 * before)


# Penalties


@pytest.mark.parametrize("classes", [0, 2])
@pytest.mark.parametrize("penalty", [R1(1.0), R2(1.0)], ids=["r1", "r2"])
def test_the_derivative_of_a_penalty_is_the_numerical_one(penalty, classes):
    critic = moved(Discriminator(8, 2, embedding=3, classes=classes, **SMALL))
    label = torch.tensor([0, 1]) if classes else None
    real, fake = picture(2, 2, 8, 8), picture(2, 2, 8, 8, seed=1)

    def value() -> Tensor:
        return penalty(lambda image: critic(image, label), real, fake, Noise(0, 2, 0, torch.float64))

    weights = [parameter for parameter in critic.parameters() if parameter.ndim > 1]
    gradients = torch.autograd.grad(value(), weights)
    # Slopes jump where a unit changes its sign; a step this small meets none.
    step = 1e-8
    for weight, gradient in zip(weights, gradients):
        direction = torch.sign(gradient)
        ends = []
        for distance in (step, -step):
            with torch.no_grad():
                weight.add_(direction, alpha=distance)
                with torch.enable_grad():
                    ends.append(value().item())
                weight.sub_(direction, alpha=distance)
        numerical = (ends[0] - ends[1]) / (2 * step)
        assert gradient.abs().sum().item() == pytest.approx(numerical, rel=1e-4, abs=1e-6)


def test_the_penalty_is_the_squared_slope_of_the_logit_in_the_picture():
    critic = moved(Discriminator(8, 1, **SMALL))
    image = picture(1, 1, 8, 8)
    slopes = []
    for row in range(8):
        for column in range(8):
            step = torch.zeros_like(image)
            step[0, 0, row, column] = 1e-6
            slopes.append((critic(image + step) - critic(image - step)).item() / 2e-6)
    expected = 0.5 * sum(slope**2 for slope in slopes)
    found = R1(1.0)(critic, image, image, Noise(0, 1, 0, torch.float64))
    assert found.item() == pytest.approx(expected, rel=1e-5)
