"""Style mixing, path length and sampling of StyleGAN2, on tiny networks in double precision."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from gansmith.errors import ConfigError
from gansmith.models.stylegan2 import StyleGAN2, Thinned
from gansmith.networks.stylegan2.discriminator import Discriminator
from gansmith.networks.stylegan2.generator import Generator
from gansmith.noise import Noise
from gansmith.objectives.adversarial import CrossEntropy
from gansmith.objectives.path_length import PathLength
from gansmith.training.ema import EMA
from gansmith.training.schedules import Schedule

TINY = {"width": 1 / 32, "most": 4}


def model(generator: nn.Module | None = None, classes: int = 0, **changes) -> StyleGAN2:
    torch.manual_seed(0)
    sides = ("generator", "discriminator")
    built = StyleGAN2(
        generator or Generator(8, 1, latent=5, mapping_layers=2, classes=classes, **TINY),
        Discriminator(8, 1, classes=classes, **TINY),
        CrossEntropy(),
        latent=5,
        classes=classes,
        optimizer={side: partial(SGD, lr=0.1) for side in sides},
        schedule={side: Schedule() for side in sides},
        **changes,
    ).double()
    built.noise, built.side = noise(), "generator"
    for module in built.modules():
        if hasattr(module, "strength"):
            nn.init.constant_(module.strength, 0.3)
    return built


def noise(start: int = 0) -> Noise:
    return Noise(0, 8, start, torch.float64)


def batch(rows: int = 8) -> dict[str, Tensor]:
    images = torch.randn(rows, 1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return {"image": images, "label": torch.arange(rows) % 3}


@pytest.mark.parametrize(("mixing", "mixed"), [(0.0, 0), (1.0, 8)])
def test_mixed_pictures_have_a_second_w_from_a_random_layer_on(mixing, mixed):
    styles = model(mixing=mixing)._styles(8, None)
    first, last = styles[:, :1], styles[:, -1:]
    is_first, is_last = ((styles == end).all(2) for end in (first, last))
    assert (is_first | is_last).all()
    assert (~is_first).any(1).sum() == mixed
    # Once the second w has begun, it stays.
    assert (is_first.int().diff(dim=1) <= 0).all()
    if mixing:
        assert len(set(is_first.sum(1).tolist())) > 1


def test_training_pictures_do_not_depend_on_how_a_batch_is_split():
    built = model(mixing=0.5, classes=3)
    whole = built.generate(batch())
    parts = []
    for start in (0, 4):
        built.noise = noise(start)
        parts.append(built.generate({name: value[start : start + 4] for name, value in batch().items()}))
    torch.testing.assert_close(torch.cat(parts), whole)


def test_the_mean_of_w_follows_what_is_generated():
    built = model(mixing=0.0)
    w = built.generator.mapping(noise().normal(8, 5))
    built.generate(batch())
    torch.testing.assert_close(built.generator.mean, 0.002 * w.mean(0))


def test_path_length_is_a_term_at_its_steps_and_has_the_numerical_derivative():
    built = model(mixing=0.0, path_length=PathLength(decay=0.5))
    weight = built.generator.synthesis.first.convolution.weight

    def value() -> Tensor:
        built.noise = noise()
        built.path_length.mean.zero_()
        return built.generator_loss(batch())["path_length"]

    def held(length: Tensor) -> Tensor:
        """The value with the running mean as it is at the weights where the derivative is taken."""
        built.path_length.decay = 1.0
        built.path_length.mean.copy_(length)
        built.noise = noise()
        return built.generator_loss(batch())["path_length"]

    (gradient,) = torch.autograd.grad(value(), weight)
    length, direction, ends = built.path_length.mean.clone(), torch.randn_like(weight), []
    for distance in (1e-6, -1e-6):
        with torch.no_grad():
            weight += distance * direction
        ends.append(held(length).detach())
        with torch.no_grad():
            weight -= distance * direction
    numerical = (ends[0] - ends[1]) / 2e-6
    torch.testing.assert_close((gradient * direction).sum(), numerical, rtol=1e-5, atol=1e-8)
    assert numerical.abs() > 1e-6
    assert set(model().generator_loss(batch())) == {"adversarial"}


def test_every_second_row_of_a_batch_is_the_same_however_it_is_split():
    whole = Thinned(noise(), 2).normal(4, 3)
    parts = [Thinned(noise(start), 2).normal(2, 3) for start in (0, 4)]
    assert torch.equal(torch.cat(parts), whole)
    assert torch.equal(whole, noise().normal(8, 3)[::2])
    assert torch.equal(Thinned(noise(), 2).uniform(4, 3), noise().uniform(8, 3)[::2])


@pytest.mark.parametrize("ema", [None, EMA(half_life=10)], ids=["weights", "average"])
def test_a_sample_is_a_function_of_seed_and_number(ema):
    built = model(classes=3, ema=ema)
    samples = built.sample(torch.arange(4), 3)
    torch.testing.assert_close(built.sample(torch.tensor([2, 0]), 3), samples[[2, 0]])
    assert not torch.allclose(built.sample(torch.arange(4), 4), samples)
    assert not torch.allclose(built.sample(torch.arange(4), 3, label=1)[0], samples[0])


def test_truncated_samples_move_towards_the_mean_of_w():
    built = model()
    built.generator.track(torch.ones(5), momentum=0.0)
    whole = built.sample(torch.arange(4), 3)
    torch.testing.assert_close(built.sample(torch.arange(4), 3, truncation=1.0), whole)
    assert not torch.allclose(built.sample(torch.arange(4), 3, truncation=0.5), whole)


@pytest.mark.parametrize(
    ("path_length", "penalty", "compiled"), [(None, {}, 3), (PathLength(), {"r1": nn.Identity()}, 0)]
)
def test_what_is_differentiated_twice_is_not_compiled(path_length, penalty, compiled, monkeypatch):
    built, networks = model(path_length=path_length, penalty=penalty), []
    monkeypatch.setattr(nn.Module, "compile", lambda network: networks.append(network))
    built.compile_networks()
    assert len(networks) == compiled


def test_settings_that_do_not_work_are_named():
    with pytest.raises(ConfigError, match=r"model\.mixing is 1\.5"):
        model(mixing=1.5)
    with pytest.raises(ConfigError, match="model/generator=stylegan2"):
        model(nn.Linear(5, 5))
