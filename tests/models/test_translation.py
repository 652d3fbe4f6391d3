"""What all models from picture to picture do: translate pictures of any size, refuse what does not fit, start anew."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.optim import SGD

from gansmith.errors import ConfigError, WeightsError
from gansmith.models.cut import CUT
from gansmith.models.cyclegan import CycleGAN
from gansmith.models.translation import Translation, whole_multiples
from gansmith.networks.patch_sampler import PatchSampler
from gansmith.networks.resnet import ResNetGenerator
from gansmith.objectives.adversarial import LeastSquares
from gansmith.training.ema import EMA
from gansmith.training.schedules import Schedule

SIDES = ("discriminator", "generator")


class Enlarge(nn.Module):
    """Each pixel becomes a square; what comes in is kept."""

    def __init__(self, multiple: int = 4, scale: int = 2) -> None:
        super().__init__()
        self.multiple, self.scale = multiple, scale
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, image: Tensor) -> Tensor:
        assert not any(side % self.multiple for side in image.shape[-2:])
        self.seen = image
        return self.gain * image.repeat_interleave(self.scale, -2).repeat_interleave(self.scale, -1)


def settings(**changes: Any) -> dict[str, Any]:
    plain = {side: lambda parameters: SGD(parameters, lr=0.1) for side in SIDES}
    return {"optimizer": plain, "schedule": dict.fromkeys(SIDES, Schedule()), **changes}


def translation(generator: nn.Module | None = None, **changes: Any) -> Translation:
    return Translation(generator or Enlarge(), nn.Conv2d(1, 1, 1), **settings(name="test", **changes))


def resnet(seed: int) -> ResNetGenerator:
    torch.manual_seed(seed)
    return ResNetGenerator(1, 1, blocks=1, features=2)


def cyclegan(**changes: Any) -> CycleGAN:
    generators = {"to_target": resnet(1), "to_source": resnet(2)}
    critics = {name: nn.Conv2d(1, 1, 1) for name in ("target", "source")}
    return CycleGAN(generators, critics, LeastSquares(), **settings(name="cyclegan", **changes))


def cut(**changes: Any) -> CUT:
    heads = PatchSampler([1, 4], features=3)
    return CUT(resnet(1), heads, nn.Conv2d(1, 1, 1), LeastSquares(), (0, 4), **settings(name="cut", **changes))


def pair(source: tuple[int, int], target: tuple[int, int]) -> dict[str, Tensor]:
    return {"source": torch.zeros(2, 1, *source), "target": torch.zeros(2, 1, *target)}


# Translating


@pytest.mark.parametrize("size", [(8, 4), (5, 7), (6, 4), (2, 9), (1, 1), (3, 3)])
def test_an_output_has_the_scale_and_every_pixel_of_its_source(size):
    source = torch.rand(2, 3, *size) * 2 - 1
    output = translation().translate(source)
    assert torch.equal(output, source.repeat_interleave(2, -2).repeat_interleave(2, -1))


def test_the_network_sees_the_picture_mirrored_at_its_right_and_lower_edge():
    network, source = Enlarge(), torch.rand(1, 1, 5, 6)
    whole_multiples(network, source)
    assert network.seen.shape == (1, 1, 8, 8)
    rows, columns = [0, 1, 2, 3, 4, 3, 2, 1], [0, 1, 2, 3, 4, 5, 4, 3]
    assert torch.equal(network.seen, source[:, :, rows][..., columns])


@pytest.mark.parametrize("size", [(2, 7), (7, 2), (1, 1)])
def test_a_picture_too_small_to_mirror_goes_on_as_its_edge(size):
    network, source = Enlarge(), torch.rand(1, 1, *size)
    whole_multiples(network, source)
    below, beside = (-side % 4 for side in size)
    assert torch.equal(network.seen, pad(source, (0, beside, 0, below), mode="replicate"))


def test_a_picture_that_fits_is_seen_as_it_is():
    network, source = Enlarge(), torch.rand(1, 1, 4, 8)
    whole_multiples(network, source)
    assert torch.equal(network.seen, source)


def test_outputs_are_those_of_the_average_in_eval_mode_and_leave_modes_alone():
    network = nn.Sequential(nn.BatchNorm2d(1), nn.Dropout(0.5), nn.Conv2d(1, 1, 1))
    network.multiple, network.scale = 1, 1
    model = translation(network, ema=EMA(half_life=10))
    model.train()
    model.ema_generator[1].eval()
    modes = [module.training for module in model.modules()]
    statistics = model.ema_generator[0].running_mean.clone()
    source = torch.rand(2, 1, 3, 3)
    first = model.translate(source)
    with torch.no_grad():
        model.generator[2].weight.zero_()
        expected = model.ema_generator[2](model.ema_generator[0].eval()(source))
        model.ema_generator[0].train()
    assert torch.equal(first, model.translate(source, seed=1))
    torch.testing.assert_close(first, expected)
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(model.ema_generator[0].running_mean, statistics)
    assert first.is_inference()


# What a batch must be


def test_pictures_that_fit_are_accepted():
    translation().on_train_batch_start(pair((4, 8), (8, 16)), 0)
    cyclegan().on_train_batch_start(pair((8, 8), (8, 8)), 0)
    cut().on_train_batch_start(pair((8, 8), (8, 8)), 0)


@pytest.mark.parametrize("size", [(6, 8), (8, 6)])
def test_sides_are_multiples_of_what_the_network_takes(size):
    message = rf"^data\.resolution: model=test takes sides that are multiples of 4, and gets {size[0]}x{size[1]}$"
    with pytest.raises(ConfigError, match=message):
        translation().on_train_batch_start(pair(size, tuple(2 * side for side in size)), 0)


def test_a_network_makes_pictures_of_the_size_that_the_task_wants():
    with pytest.raises(ConfigError, match=r"^task\.scale: model=test makes 16x16 of 8x8, and 8x8 .*task\.scale=2 fits"):
        translation().on_train_batch_start(pair((8, 8), (8, 8)), 0)
    same_size = translation(Enlarge(multiple=32, scale=1))
    with pytest.raises(ConfigError, match=r"^task\.scale: .* of 24x24, and 96x96 is wanted; a task without a scale"):
        same_size.on_train_batch_start(pair((24, 24), (96, 96)), 0)


def test_both_directions_have_to_fit():
    with pytest.raises(ConfigError, match=r"^task\.scale: model=cyclegan"):
        cyclegan().on_train_batch_start(pair((8, 8), (8, 12)), 0)
    model = cyclegan()
    model.generator["to_source"] = Enlarge(multiple=16, scale=1)
    with pytest.raises(ConfigError, match="multiples of 16, and gets 8x8"):
        model.on_train_batch_start(pair((8, 8), (8, 8)), 0)


# Starting from a file


def weights(network: nn.Module) -> list[Tensor]:
    return [tensor.clone() for tensor in network.state_dict().values()]


def same(network: nn.Module, expected: list[Tensor]) -> bool:
    found = weights(network)
    return len(found) == len(expected) and all(map(torch.equal, found, expected))


@pytest.fixture
def file(tmp_path):
    """The weights of another generator, as such."""
    other = resnet(7)
    path = tmp_path / "net_G.pth"
    torch.save(other.state_dict(), path)
    return str(path), weights(other)


@pytest.mark.parametrize("ema", [None, EMA(half_life=10)], ids=["without an average", "with an average"])
def test_one_network_and_its_average_start_from_a_file(file, ema):
    path, expected = file
    model = translation(resnet(1), ema=ema)
    critic = weights(model.discriminator)
    model.start_from(path)
    assert same(model.generator, expected)
    assert same(model.sampler, expected)
    assert same(model.discriminator, critic)


@pytest.mark.parametrize(
    ("direction", "filled", "left"), [("forward", "to_target", "to_source"), ("reverse", "to_source", "to_target")]
)
def test_each_direction_of_cyclegan_starts_from_its_own_file(file, direction, filled, left):
    path, expected = file
    model = cyclegan(ema=EMA(half_life=10))
    before = weights(model.generator[left])
    model.start_from(path, direction)
    for networks in (model.generator, model.ema_generator):
        assert same(networks[filled], expected)
        assert same(networks[left], before)


def test_the_translator_of_cut_starts_from_a_file_and_its_heads_do_not(file):
    path, expected = file
    model = cut(ema=EMA(half_life=10))
    before = weights(model.generator["heads"])
    model.start_from(path)
    for networks in (model.generator, model.ema_generator):
        assert same(networks["translator"], expected)
        assert same(networks["heads"], before)


def test_a_file_of_another_network_changes_nothing(file, tmp_path):
    model = translation(ResNetGenerator(1, 1, blocks=2, features=2), ema=EMA(half_life=10))
    before = weights(model)
    with pytest.raises(WeightsError, match=r"net_G\.pth does not fit this ResNetGenerator"):
        model.start_from(file[0])
    with pytest.raises(WeightsError, match=r"can't read .*nowhere\.pth"):
        model.start_from(str(tmp_path / "nowhere.pth"))
    assert same(model, before)
