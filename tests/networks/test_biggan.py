import pytest
import torch
from torch import nn

from gansmith.errors import ConfigError
from gansmith.networks.attention import SelfAttention
from gansmith.networks.biggan import ConditionedBatchNorm, Discriminator, Generator, chunk_sizes
from gansmith.networks.spectral import SpectralNorm


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def enlarging(width: int, following: int, condition: int) -> int:
    convolutions = 9 * (width + following) * following + width * following + 3 * following
    return convolutions + 2 * condition * (width + following)


def judging(width: int, following: int) -> int:
    return 9 * (width + following) * following + width * following + 3 * following


def attention(width: int) -> int:
    return 2 * width * (width // 8) + 2 * width * (width // 2) + 1


@pytest.fixture
def without_values(monkeypatch):
    """What weights start from takes long to find, and doesn't count."""
    monkeypatch.setattr(nn.init, "orthogonal_", lambda weight: weight)
    monkeypatch.setattr(SpectralNorm, "_step", lambda norm, matrix: (norm.u, norm.u))


@pytest.mark.usefixtures("without_values")
def test_the_papers_size_for_imagenet_has_its_number_of_parameters():
    with torch.device("meta"):
        assert parameters(Generator(128, 3, latent=120, features=96, classes=1000)) == 70_433_988
        assert parameters(Discriminator(128, 3, features=96, classes=1000)) == 87_982_370


@pytest.mark.usefixtures("without_values")
def test_the_size_for_cifar10_has_the_layers_number_of_parameters():
    with torch.device("meta"):
        generator = Generator(32, 3, latent=80, features=96, classes=10)
        discriminator = Discriminator(32, 3, features=96, classes=10)
    first, last = 21 * 16 * 384, 2 * 384 + 3 * (9 * 384 + 1)
    assert parameters(generator) == 1280 + first + 3 * enlarging(384, 384, 148) + attention(384) + last
    flat = 2 * (judging(192, 192) - 192 * 192 - 192)
    head = 193 + 1920
    assert parameters(discriminator) == judging(3, 192) + judging(192, 192) + flat + attention(192) + head


@pytest.mark.parametrize("resolution", [8, 16, 32, 64, 128, 256])
@pytest.mark.parametrize(("channels", "classes"), [(1, 0), (3, 4), (5, 4)])
def test_pictures_have_the_datas_size(resolution, channels, classes):
    generator = Generator(resolution, channels, latent=10, features=1, shared=3, classes=classes)
    label = torch.tensor([0, 3]) if classes else None
    pictures = generator(torch.randn(2, 10), label)
    assert pictures.shape == (2, channels, resolution, resolution)
    assert pictures.abs().max() <= 1
    assert Discriminator(resolution, channels, features=1, classes=classes)(pictures, label).shape == (2,)


def test_parts_of_the_latent_are_as_even_as_can_be():
    assert chunk_sizes(120, 6) == [20] * 6
    assert chunk_sizes(80, 3) == [27, 27, 26]
    with pytest.raises(ConfigError, match=r"model\.latent is 2"):
        chunk_sizes(2, 3)


def test_each_part_of_the_latent_moves_its_own_block_and_what_follows():
    torch.manual_seed(0)
    generator = Generator(16, 1, latent=6, features=2, shared=3, classes=2).eval()
    seen: list[list[torch.Tensor]] = [[] for _ in generator.blocks]
    for block, outputs in zip(generator.blocks, seen):
        block.register_forward_hook(lambda _, __, output, outputs=outputs: outputs.append(output))
    latent, label = torch.randn(1, 6), torch.tensor([1])
    moved = latent + torch.tensor([0, 0, 0, 0, 1.0, 1.0])
    for z in (latent, moved):
        generator(z, label)
    same = [torch.equal(*outputs) for outputs in seen]
    assert same == [True, False]


def test_the_label_moves_every_block_but_not_what_comes_before():
    torch.manual_seed(0)
    generator = Generator(16, 1, latent=6, features=2, shared=3, classes=2).eval()
    latent = torch.randn(1, 6).expand(2, -1)
    firsts, pictures = [], generator(latent, torch.tensor([0, 0]))
    generator.first.register_forward_hook(lambda _, __, output: firsts.append(output))
    other = generator(latent, torch.tensor([0, 1]))
    assert torch.equal(firsts[0][0], firsts[0][1])
    torch.testing.assert_close(other[0], pictures[0])
    assert not torch.allclose(other[1], pictures[1])
    with pytest.raises(ValueError, match="needs a label"):
        generator(latent)


def test_scale_is_one_and_shift_is_zero_without_a_condition():
    torch.manual_seed(0)
    norm, features = ConditionedBatchNorm(3, 4), torch.randn(5, 3, 2, 2)
    normed = norm(features, torch.zeros(5, 4))
    torch.testing.assert_close(normed, nn.BatchNorm2d(3, affine=False)(features))
    condition = torch.randn(5, 4)
    scale, shift = 1 + norm.scale(condition), norm.shift(condition)
    torch.testing.assert_close(
        norm(features, condition), scale[..., None, None] * normed + shift[..., None, None], atol=1e-5, rtol=1e-5
    )


def test_the_logit_of_a_class_is_a_projection_of_the_features():
    torch.manual_seed(0)
    critic = Discriminator(16, 2, features=2, classes=3).eval()
    pictures, label = torch.randn(4, 2, 16, 16), torch.tensor([0, 2, 1, 2])
    features = critic.features(pictures)
    rows = critic.embedding.spectral(critic.embedding.weight)[label]
    expected = critic.output(features).flatten() + (features * rows).sum(1)
    torch.testing.assert_close(critic(pictures, label), expected)
    with pytest.raises(ValueError, match="needs a label"):
        critic(pictures)


def test_all_layers_but_the_shared_embedding_are_normalised():
    networks = [Generator(32, 1, latent=8, features=2, classes=3), Discriminator(32, 1, features=2, classes=3)]
    layers = [
        layer
        for network in networks
        for layer in network.modules()
        if isinstance(layer, (nn.Conv2d, nn.Linear, nn.Embedding)) and layer is not networks[0].embedding
    ]
    assert all(isinstance(layer.spectral, SpectralNorm) for layer in layers)
    assert not hasattr(networks[0].embedding, "spectral")


@pytest.mark.parametrize(("resolution", "asked", "side"), [(32, 64, 16), (8, 64, 4), (64, 16, 16), (128, 64, 64)])
@pytest.mark.parametrize("build", [Generator, Discriminator])
def test_attention_stands_at_its_side(build, resolution, asked, side):
    network = build(resolution, 1, features=1, attention=asked)
    (attend,) = (module for module in network.modules() if isinstance(module, SelfAttention))
    sides = []
    attend.register_forward_hook(lambda _, inputs, __: sides.append(inputs[0].shape[-1]))
    network(torch.randn(2, 120) if build is Generator else torch.randn(2, 1, resolution, resolution))
    assert sides == [side]


@pytest.mark.parametrize("build", [Generator, Discriminator])
def test_values_out_of_range_are_refused(build):
    with pytest.raises(ConfigError, match=r"data\.resolution is 20"):
        build(20, 1)
    with pytest.raises(ConfigError, match="attention is 5"):
        build(32, 1, features=1, attention=5)
    assert build(32, 1, features=1, attention=None).attention is None
