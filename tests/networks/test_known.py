import pickle

import pytest
import torch
from torch import nn

from gansmith.errors import WeightsError
from gansmith.networks.known import load_known
from gansmith.networks.resnet import ResNetGenerator
from gansmith.networks.rrdb import RRDBNet
from gansmith.networks.srresnet import SRResNet
from gansmith.networks.unet import UNetGenerator


def small(seed: int = 0, **sizes: int) -> SRResNet:
    torch.manual_seed(seed)
    return SRResNet(3, 3, **({"scale": 2, "features": 4, "blocks": 2} | sizes))


def same(network: nn.Module, other: nn.Module) -> bool:
    weights = other.state_dict()
    return all(torch.equal(tensor, weights[name]) for name, tensor in network.state_dict().items())


def renamed(network: nn.Module, prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + name: tensor for name, tensor in network.state_dict().items()}


def load(network: nn.Module, content: object, folder) -> nn.Module:
    torch.save(content, folder / "file.pth")
    load_known(network, folder / "file.pth")
    return network


@pytest.mark.parametrize("wrapper", ["params", "params_ema", "state_dict"])
def test_weights_load_from_inside_a_wrapper(wrapper, tmp_path):
    original = small()
    assert same(load(small(1), {wrapper: original.state_dict(), "iteration": 5}, tmp_path), original)


def test_bare_and_parallel_weights_load(tmp_path):
    original = small()
    assert same(load(small(1), original.state_dict(), tmp_path), original)
    assert same(load(small(1), renamed(original, "module."), tmp_path), original)


def test_averaged_weights_are_preferred(tmp_path):
    original, other = small(), small(2)
    both = {"params": other.state_dict(), "params_ema": original.state_dict()}
    assert same(load(small(1), both, tmp_path), original)
    checkpoint = {"state_dict": renamed(other, "generator.") | renamed(original, "ema_generator.")}
    assert same(load(small(1), checkpoint, tmp_path), original)


def test_one_of_several_networks_in_a_checkpoints_generator_loads(tmp_path):
    original, other = small(), small(2)
    state = renamed(other, "ema_generator.to_source.") | renamed(original, "ema_generator.to_target.")
    torch.save({"state_dict": state | renamed(other, "generator.to_target.")}, tmp_path / "last.ckpt")
    network = small(1)
    load_known(network, tmp_path / "last.ckpt", part="to_target")
    assert same(network, original)


def test_the_generator_of_a_checkpoint_loads_without_its_discriminator(tmp_path):
    original = UNetGenerator(3, 3, depth=3, features=2)
    torch.manual_seed(1)
    network = UNetGenerator(3, 3, depth=3, features=2)
    discriminator = nn.Conv2d(6, 1, 4)
    state = renamed(original, "generator.") | renamed(discriminator, "discriminator.")
    checkpoint = {"state_dict": state, "global_step": 5, "config": {"model": {"name": "pix2pix"}}}
    assert same(load(network, checkpoint, tmp_path), original)


def test_half_precision_is_widened(tmp_path):
    original = small()
    network = load(small(1), {name: tensor.half() for name, tensor in original.state_dict().items()}, tmp_path)
    assert network.conv_first.weight.dtype == torch.float32
    torch.testing.assert_close(network.conv_first.weight, original.conv_first.weight, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (small(scale=4).state_dict(), "it also has upconv2.bias and 1 more"),
        (small(blocks=1).state_dict(), r"it lacks body.1.conv1.bias and 3 more"),
        (small(features=8).state_dict(), r"it has body.0.conv1.bias of shape \(8,\), not \(4,\) and \d+ more"),
        (ResNetGenerator(3, 3, 1, 2).state_dict(), "it lacks .*; it also has layers.1.bias and"),
        ([1, 2], "holds no state dict, neither bare nor inside params_ema, params, state_dict"),
        ({"epoch": 3}, "holds no state dict"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line_and_changes_nothing(content, message, tmp_path):
    network = small(1)
    with pytest.raises(WeightsError, match=message) as caught:
        load(network, content, tmp_path)
    assert "file.pth" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert same(network, small(1))


def test_the_layout_that_was_recognised_is_named(tmp_path):
    old = {"model.1.sub.0.RDB1.conv1.0.weight": torch.zeros(32, 64, 3, 3)}
    with pytest.raises(WeightsError, match=r"this RRDBNet: in the layout of old ESRGAN it lacks model\.0\.bias and"):
        load(RRDBNet(3, 3, blocks=1), old, tmp_path)


def test_a_batch_norm_generator_is_not_taken_for_one_with_instance_norm(tmp_path):
    with pytest.raises(WeightsError, match=r"it also has layers\.10\.body\.2\.bias"):
        load(ResNetGenerator(3, 3, 1, 2), ResNetGenerator(3, 3, 1, 2, norm="batch").state_dict(), tmp_path)


class Attack:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize("write", ["torch", "pickle"])
def test_nothing_in_a_file_is_executed(write, tmp_path, capsys):
    path = tmp_path / "attack.pth"
    if write == "torch":
        torch.save({"params": small().state_dict(), "extra": Attack()}, path)
    else:
        path.write_bytes(pickle.dumps(Attack(), protocol=2))
    with pytest.raises(WeightsError, match=r"attack\.pth"):
        load_known(small(), path)
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"text, not weights\n", b"PK\x03\x04half", bytes(range(256))])
def test_a_damaged_file_is_named(content, tmp_path):
    path = tmp_path / "broken.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"broken\.pth is damaged"):
        load_known(small(), path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"can't read .*nowhere\.pth: No such file"):
        load_known(small(), tmp_path / "nowhere.pth")
