"""Weights under their original names, in the original computation and in our networks.

The originals are written here as bare functions of a state dict, driven by the published names, and know
nothing of our modules.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import (
    batch_norm,
    conv2d,
    conv_transpose2d,
    instance_norm,
    interpolate,
    leaky_relu,
    pad,
    pixel_shuffle,
    pixel_unshuffle,
    relu,
)

from gansmith.networks.known import load_known
from gansmith.networks.known_names import known_tables
from gansmith.networks.resnet import ResNetGenerator
from gansmith.networks.rrdb import RRDBNet
from gansmith.networks.srresnet import SRResNet
from gansmith.networks.unet import UNetGenerator

Weights = dict[str, Tensor]


class Layers:
    """Applies the layer with a name; gives it random weights at the first call and so writes a state dict."""

    def __init__(self, norm: str = "none") -> None:
        self.weights: Weights = {}
        self.norm_name = norm
        self.generator = torch.Generator().manual_seed(0)

    def tensor(self, name: str, *shape: int, scale: float = 1.0, offset: float = 0.0) -> Tensor:
        if name not in self.weights:
            self.weights[name] = offset + scale * torch.randn(shape, generator=self.generator)
        return self.weights[name]

    def _filter(self, name: str, shape: tuple[int, ...], out: int, bias: bool) -> tuple[Tensor, Tensor | None]:
        weight = self.tensor(f"{name}.weight", *shape, scale=(shape[1] * shape[2] ** 2) ** -0.5)
        return weight, self.tensor(f"{name}.bias", out, scale=0.1) if bias else None

    def conv(self, name: str, x: Tensor, out: int, kernel: int = 3, stride: int = 1, padding: int = 1, bias=True):
        weight, shift = self._filter(name, (out, x.shape[1], kernel, kernel), out, bias)
        return conv2d(x, weight, shift, stride, padding)

    def up(self, name: str, x: Tensor, out: int, kernel: int, output_padding: int = 0, bias: bool = True) -> Tensor:
        weight, shift = self._filter(name, (x.shape[1], out, kernel, kernel), out, bias)
        return conv_transpose2d(x, weight, shift, 2, 1, output_padding)

    def norm(self, name: str, x: Tensor) -> Tensor:
        if self.norm_name == "instance":
            return instance_norm(x)
        width = x.shape[1]
        mean, variance = self.tensor(f"{name}.running_mean", width), self.tensor(f"{name}.running_var", width).abs_()
        scale, shift = self.tensor(f"{name}.weight", width, offset=1.0), self.tensor(f"{name}.bias", width)
        self.weights[f"{name}.num_batches_tracked"] = torch.tensor(7)
        return batch_norm(x, mean, variance + 0, scale, shift, training=False)


def original_unet(net: Layers, x: Tensor, out: int, depth: int, features: int) -> Tensor:
    """UnetGenerator: blocks inside blocks, the outermost `model.model`."""
    bias = net.norm_name == "instance"

    def block(prefix: str, x: Tensor, level: int) -> Tensor:
        inner = features * min(2**level, 8)
        outer = features * min(2 ** (level - 1), 8)
        down = net.conv(f"{prefix}.1", leaky_relu(x, 0.2), inner, 4, 2, 1, bias)
        if level == depth - 1:
            up = net.norm(f"{prefix}.4", net.up(f"{prefix}.3", relu(down), outer, 4, bias=bias))
        else:
            below = block(f"{prefix}.3.model", net.norm(f"{prefix}.2", down), level + 1)
            up = net.norm(f"{prefix}.6", net.up(f"{prefix}.5", relu(below), outer, 4, bias=bias))
        return torch.cat([x, up], 1)

    down = net.conv("model.model.0", x, features, 4, 2, 1, bias)
    return torch.tanh(net.up("model.model.3", relu(block("model.model.1.model", down, 1)), out, 4))


def original_resnet(net: Layers, x: Tensor, out: int, blocks: int, features: int, second: int = 5) -> Tensor:
    """ResnetGenerator without antialiasing; `second` is the block's second convolution, 6 where it has dropout."""
    bias = net.norm_name == "instance"
    x = relu(net.norm("model.2", net.conv("model.1", pad(x, [3] * 4, "reflect"), features, 7, 1, 0, bias)))
    x = relu(net.norm("model.5", net.conv("model.4", x, features * 2, 3, 2, 1, bias)))
    x = relu(net.norm("model.8", net.conv("model.7", x, features * 4, 3, 2, 1, bias)))
    for number in range(10, 10 + blocks):
        x = original_block(net, f"model.{number}.conv_block", x, second, bias)
    after = 10 + blocks
    x = relu(net.norm(f"model.{after + 1}", net.up(f"model.{after}", x, features * 2, 3, 1, bias)))
    x = relu(net.norm(f"model.{after + 4}", net.up(f"model.{after + 3}", x, features, 3, 1, bias)))
    return torch.tanh(net.conv(f"model.{after + 7}", pad(x, [3] * 4, "reflect"), out, 7, 1, 0))


def original_block(net: Layers, name: str, x: Tensor, second: int, bias: bool) -> Tensor:
    y = relu(net.norm(f"{name}.2", net.conv(f"{name}.1", pad(x, [1] * 4, "reflect"), x.shape[1], 3, 1, 0, bias)))
    y = net.conv(f"{name}.{second}", pad(y, [1] * 4, "reflect"), x.shape[1], 3, 1, 0, bias)
    return x + net.norm(f"{name}.{second + 1}", y)


def original_cut(net: Layers, x: Tensor, out: int, blocks: int, features: int) -> Tensor:
    """CUT's ResnetGenerator, whose blur filters are in the state dict as `filt`."""

    def blurred(name: str, taps: list[float], gain: float, width: int) -> Tensor:
        line = torch.tensor(taps)
        kernel = line[:, None] * line[None]
        net.weights[f"{name}.filt"] = (gain * kernel / kernel.sum()).repeat(width, 1, 1, 1)
        return net.weights[f"{name}.filt"]

    def down(number: int, x: Tensor, width: int) -> Tensor:
        x = relu(net.norm("", net.conv(f"model.{number}", x, width)))
        kernel = blurred(f"model.{number + 3}", [1, 2, 1], 1, width)
        return conv2d(pad(x, [1] * 4, "reflect"), kernel, stride=2, groups=width)

    def up(number: int, x: Tensor, width: int) -> Tensor:
        kernel = blurred(f"model.{number}", [1, 3, 3, 1], 4, x.shape[1])
        x = conv_transpose2d(pad(x, [1] * 4, "replicate"), kernel, stride=2, padding=2, groups=x.shape[1])
        return relu(net.norm("", net.conv(f"model.{number + 1}", x[:, :, 1:-1, 1:-1], width)))

    x = relu(net.norm("", net.conv("model.1", pad(x, [3] * 4, "reflect"), features, 7, 1, 0)))
    x = down(8, down(4, x, features * 2), features * 4)
    for number in range(12, 12 + blocks):
        x = original_block(net, f"model.{number}.conv_block", x, 5, True)
    after = 12 + blocks
    x = up(after + 4, up(after, x, features * 2), features)
    return torch.tanh(net.conv(f"model.{after + 9}", pad(x, [3] * 4, "reflect"), out, 7, 1, 0))


def original_srresnet(net: Layers, x: Tensor, scale: int, blocks: int, trunk: str, hr: str) -> Tensor:
    """MSRResNet on pictures in [0, 1], with BasicSR's names or MMSR's."""
    features = leaky_relu(net.conv("conv_first", x, 8), 0.1)
    for block in range(blocks):
        inner = relu(net.conv(f"{trunk}.{block}.conv1", features, 8))
        features = features + net.conv(f"{trunk}.{block}.conv2", inner, 8)
    for number, factor in enumerate({2: [2], 3: [3], 4: [2, 2]}[scale], start=1):
        wide = net.conv(f"upconv{number}", features, 8 * factor**2)
        features = leaky_relu(pixel_shuffle(wide, factor), 0.1)
    output = net.conv("conv_last", leaky_relu(net.conv(hr, features, 8), 0.1), 3)
    return output + interpolate(x, scale_factor=scale, mode="bilinear", align_corners=False)


BASICSR = {
    "block": "body.{}.rdb{}.conv{}",
    "first": "conv_first",
    "body": "conv_body",
    "up": "conv_up{}",
    "hr": "conv_hr",
    "last": "conv_last",
}
ESRGAN = {
    "block": "RRDB_trunk.{}.RDB{}.conv{}",
    "first": "conv_first",
    "body": "trunk_conv",
    "up": "upconv{}",
    "hr": "HRconv",
    "last": "conv_last",
}
OLD_ESRGAN = {
    "block": "model.1.sub.{}.RDB{}.conv{}.0",
    "first": "model.0",
    "body": "model.1.sub.2",
    "up": "model.{}",
    "hr": "model.8",
    "last": "model.10",
}


def original_rrdb(net: Layers, x: Tensor, names: dict[str, str], fold: int = 1) -> Tensor:
    """RRDBNet of two blocks, enlarging four times, on pictures in [0, 1]."""
    first = features = net.conv(names["first"], pixel_unshuffle(x, fold), 8)
    for block in range(2):
        trunk = features
        for dense in (1, 2, 3):
            seen = [trunk]
            for number in (1, 2, 3, 4):
                name = names["block"].format(block, dense, number)
                seen.append(leaky_relu(net.conv(name, torch.cat(seen, 1), 4), 0.2))
            trunk = trunk + 0.2 * net.conv(names["block"].format(block, dense, 5), torch.cat(seen, 1), 8)
        features = features + 0.2 * trunk
    features = first + net.conv(names["body"], features, 8)
    for number in (1, 2):
        name = names["up"].format(3 * number if names is OLD_ESRGAN else number)
        enlarged = features.repeat_interleave(2, 2).repeat_interleave(2, 3)
        features = leaky_relu(net.conv(name, enlarged, 8), 0.2)
    return net.conv(names["last"], leaky_relu(net.conv(names["hr"], features, 8), 0.2), 3)


def loaded(network: torch.nn.Module, weights: Weights, folder) -> torch.nn.Module:
    torch.save(weights, folder / "net_G.pth")
    load_known(network, folder / "net_G.pth")
    return network.eval()


def check_unit_range(network: torch.nn.Module, original: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """The original sees and makes pictures in [0, 1], ours in [-1, 1]."""
    torch.testing.assert_close((network(x * 2 - 1) + 1) / 2, original(x), atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("depth", [5, 7])
def test_a_unet_of_pix2pix_makes_the_same_pictures(norm, depth, tmp_path):
    net, x = Layers(norm), torch.rand(2, 3, 128, 128) * 2 - 1
    expected = original_unet(net, x, out=1, depth=depth, features=4)
    network = loaded(UNetGenerator(3, 1, depth=depth, features=4, norm=norm), net.weights, tmp_path)
    torch.testing.assert_close(network(x), expected, atol=1e-5, rtol=1e-5)
    assert expected.std() > 0.1


@torch.no_grad()
@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize(("second", "dropout"), [(5, 0.0), (6, 0.5)])
def test_a_resnet_of_cyclegan_makes_the_same_pictures(norm, second, dropout, tmp_path):
    net, x = Layers(norm), torch.rand(2, 3, 32, 24) * 2 - 1
    expected = original_resnet(net, x, out=1, blocks=3, features=4, second=second)
    network = loaded(ResNetGenerator(3, 1, blocks=3, features=4, norm=norm, dropout=dropout), net.weights, tmp_path)
    torch.testing.assert_close(network(x), expected, atol=1e-5, rtol=1e-5)
    assert expected.std() > 0.1


@torch.no_grad()
def test_a_resnet_trained_with_dropout_loads_without(tmp_path):
    net, x = Layers("instance"), torch.rand(2, 3, 32, 24) * 2 - 1
    expected = original_resnet(net, x, out=3, blocks=1, features=4, second=6)
    network = loaded(ResNetGenerator(3, 3, blocks=1, features=4), net.weights, tmp_path)
    torch.testing.assert_close(network(x), expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_old_files_with_statistics_of_instance_norms_load(tmp_path):
    net, x = Layers("instance"), torch.rand(2, 3, 32, 32) * 2 - 1
    expected = original_resnet(net, x, out=3, blocks=1, features=4)
    for name, width in (("model.2", 4), ("model.10.conv_block.2", 16), ("model.10.conv_block.6", 16)):
        net.weights |= {f"{name}.running_mean": torch.randn(width), f"{name}.running_var": torch.rand(width)}
    network = loaded(ResNetGenerator(3, 3, blocks=1, features=4), net.weights, tmp_path)
    torch.testing.assert_close(network(x), expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_batch_norms_that_counted_no_batches_load(tmp_path):
    net, x = Layers("batch"), torch.rand(2, 3, 32, 32) * 2 - 1
    expected = original_unet(net, x, out=3, depth=5, features=2)
    old = {name: tensor for name, tensor in net.weights.items() if "num_batches" not in name}
    network = loaded(UNetGenerator(3, 3, depth=5, features=2), old, tmp_path)
    torch.testing.assert_close(network(x), expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_resnet_of_cut_makes_the_same_pictures(tmp_path):
    net, x = Layers("instance"), torch.rand(2, 3, 32, 24) * 2 - 1
    expected = original_cut(net, x, out=3, blocks=2, features=4)
    network = loaded(ResNetGenerator(3, 3, blocks=2, features=4, antialias=True), net.weights, tmp_path)
    torch.testing.assert_close(network(x), expected, atol=1e-5, rtol=1e-5)
    assert expected.std() > 0.1


@torch.no_grad()
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize(("trunk", "hr"), [("body", "conv_hr"), ("recon_trunk", "HRconv")])
def test_an_srresnet_makes_the_same_pictures(scale, trunk, hr, tmp_path):
    net, x = Layers(), torch.rand(2, 3, 7, 9)
    original_srresnet(net, x, scale, 3, trunk, hr)
    network = loaded(SRResNet(3, 3, scale=scale, features=8, blocks=3), net.weights, tmp_path)
    check_unit_range(network, lambda x: original_srresnet(net, x, scale, 3, trunk, hr), x)


@torch.no_grad()
@pytest.mark.parametrize("names", [BASICSR, ESRGAN, OLD_ESRGAN], ids=["BasicSR", "ESRGAN", "old ESRGAN"])
@pytest.mark.parametrize(("scale", "fold"), [(4, 1), (2, 2), (1, 4)])
def test_an_rrdb_makes_the_same_pictures(names, scale, fold, tmp_path):
    net, x = Layers(), torch.rand(2, 3, 8, 12)
    original_rrdb(net, x, names, fold)
    network = loaded(RRDBNet(3, 3, scale=scale, features=8, blocks=2, growth=4), net.weights, tmp_path)
    check_unit_range(network, lambda x: original_rrdb(net, x, names, fold), x)


def test_the_published_files_have_as_many_tensors_as_we_read():
    published = {
        702: RRDBNet(3, 3, features=2, growth=2),
        74: SRResNet(3, 3, features=2),
        48: ResNetGenerator(3, 3, features=2),
    }
    for count, network in published.items():
        assert len(network.state_dict()) == count


@pytest.mark.parametrize(
    "network",
    [UNetGenerator(3, 3, 2, 2), UNetGenerator(3, 3, 6, 2), ResNetGenerator(3, 3, 2, 2), SRResNet(3, 3, 8, 2, 2)]
    + [RRDBNet(3, 3, scale, 2, 2, 2) for scale in (3, 8)],
    ids=lambda network: type(network).__name__,
)
def test_tables_name_every_weight_once(network):
    modules = {name.rpartition(".")[0] for name in network.state_dict()}
    for table in known_tables(network).values():
        assert modules <= table.keys()
        assert len(set(table.values())) == len(table)


def test_the_first_esrgan_at_other_scales_is_numbered_on():
    eight = known_tables(RRDBNet(3, 3, scale=8, features=2, blocks=2, growth=2))["old ESRGAN"]
    assert [eight[name] for name in ("conv_up1", "conv_up3", "conv_hr", "conv_last")] == [
        "model.3",
        "model.9",
        "model.11",
        "model.13",
    ]
    three = known_tables(RRDBNet(3, 3, scale=3, features=2, blocks=2, growth=2))["old ESRGAN"]
    assert [three[name] for name in ("conv_up1", "conv_hr", "conv_last")] == ["model.3", "model.5", "model.7"]
