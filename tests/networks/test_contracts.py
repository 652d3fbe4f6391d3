"""What holds for every network that makes pictures from pictures or judges them."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from gansmith.networks.patchgan import MultiScale, PatchDiscriminator, PixelDiscriminator
from gansmith.networks.resnet import ResNetGenerator
from gansmith.networks.rrdb import RRDBNet
from gansmith.networks.srresnet import SRResNet
from gansmith.networks.unet import UNetGenerator
from gansmith.networks.unet_discriminator import UNetDiscriminator
from gansmith.networks.vgg_discriminator import VGGDiscriminator

GENERATORS: dict[str, Callable[[], nn.Module]] = {
    "unet": lambda: UNetGenerator(2, 2, depth=3, features=4, norm="batch"),
    "unet, instance": lambda: UNetGenerator(2, 2, depth=3, features=4, norm="instance"),
    "resnet": lambda: ResNetGenerator(2, 2, blocks=1, features=4),
    "resnet, antialias": lambda: ResNetGenerator(2, 2, blocks=1, features=4, antialias=True),
    "srresnet": lambda: SRResNet(2, 2, scale=4, features=4, blocks=1),
    "rrdb": lambda: RRDBNet(2, 2, scale=2, features=4, blocks=1, growth=2),
}
DISCRIMINATORS: dict[str, Callable[[], nn.Module]] = {
    "pixel": lambda: PixelDiscriminator(2, features=4),
    "patch": lambda: PatchDiscriminator(2, features=4, layers=1, norm="instance"),
    "patch, batch": lambda: PatchDiscriminator(2, features=4, layers=2),
    "vgg": lambda: VGGDiscriminator(2, resolution=32, features=2),
    "unet": lambda: UNetDiscriminator(2, features=4),
}
everyone = pytest.mark.parametrize("build", [*GENERATORS.values(), *DISCRIMINATORS.values()])
critics = pytest.mark.parametrize("build", DISCRIMINATORS.values(), ids=DISCRIMINATORS)


def picture(dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(2, 2, 32, 32, dtype=dtype) * 2 - 1


@everyone
def test_the_order_of_channels_in_memory_changes_nothing(build):
    torch.manual_seed(0)
    network = build().eval()
    expected = network(picture_ := picture())
    channels_last = network.to(memory_format=torch.channels_last)(picture_.to(memory_format=torch.channels_last))
    torch.testing.assert_close(channels_last, expected, atol=1e-5, rtol=1e-4)


@everyone
def test_double_precision_agrees_with_single(build):
    torch.manual_seed(0)
    network = build().eval()
    expected = network(picture_ := picture())
    output = network.double()(picture_.double())
    assert output.dtype == torch.float64
    torch.testing.assert_close(output.float(), expected, atol=1e-5, rtol=1e-4)


@everyone
def test_nothing_is_changed_in_place_behind_a_tap(build):
    torch.manual_seed(0)
    network = build().eval()
    taps: list[tuple[Tensor, Tensor]] = []
    for module in network.modules():
        module.register_forward_hook(lambda _, __, output: taps.append((output, output.clone())))
    picture_ = picture()
    before = picture_.clone()
    network(picture_)
    assert torch.equal(picture_, before)
    assert taps
    assert all(torch.equal(output, copy) for output, copy in taps)


@critics
def test_gradient_penalties_have_the_gradient_of_the_mathematics(build):
    torch.manual_seed(0)
    network = build().eval().double()
    point, direction = picture(torch.float64), torch.randn(2, 2, 32, 32, dtype=torch.float64)

    def penalty(image: Tensor) -> Tensor:
        image = image.requires_grad_()
        (gradient,) = torch.autograd.grad(network(image).square().sum(), image, create_graph=True)
        return gradient.square().sum()

    (gradient,) = torch.autograd.grad(penalty(point), point)
    step = 1e-6
    difference = penalty(point.detach() + step * direction) - penalty(point.detach() - step * direction)
    torch.testing.assert_close((gradient * direction).sum(), difference.detach() / (2 * step), rtol=1e-4, atol=1e-12)


@critics
def test_features_end_with_the_logits_and_carry_gradients(build):
    torch.manual_seed(0)
    network = build().eval()
    features = network.features(picture().requires_grad_())
    assert all(map.requires_grad for map in features)
    network.zero_grad()
    sum(map.square().mean() for map in features).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_multiscale_takes_what_its_parts_take():
    torch.manual_seed(0)
    network = MultiScale(2, features=4, layers=1).double()
    image = picture(torch.float64).requires_grad_()
    loss = sum(logits.square().sum() for logits in network(image))
    (gradient,) = torch.autograd.grad(loss, image, create_graph=True)
    gradient.square().sum().backward()
    assert image.grad is not None
    assert image.grad.isfinite().all()
