"""Extractors: same features whatever the precision and the batch around them, and errors that help."""

import urllib.error

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch_fidelity import feature_extractor_clip as clip_module
from torch_fidelity import feature_extractor_inceptionv3 as inception_module
from torch_fidelity import feature_extractor_vgg16 as vgg16_module
from torchvision.models import vgg16

from gansmith.errors import ConfigError, WeightsError
from gansmith.metrics import dinov2 as dinov2_module
from gansmith.metrics.extractors import build_extractor
from gansmith.metrics.weights import PUBLISHED_FILES

INCEPTION = "inception-v3-compat"


@pytest.fixture(scope="module")
def extractor():
    return build_extractor("efficientnet_lite0", resize=64)


def pictures(n: int = 6, channels: int = 3, side: int = 28) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, channels, side, side), generator=generator, dtype=torch.uint8)


def test_features_are_1280_pooled_activations(extractor):
    features, logits = extractor(pictures())
    assert features.shape == (6, 1280)
    assert features.dtype == torch.float32
    assert logits is None
    assert features.min() >= 0
    assert features.max() <= 6  # ReLU6


@pytest.mark.parametrize(("photograph", "label"), [("china.jpg", 698), ("flower.jpg", 985)])
def test_weights_are_real(photograph, label):
    """They know the photographs' palace and daisy among ImageNet's classes."""
    from sklearn.datasets import load_sample_image

    image = torch.tensor(load_sample_image(photograph)).permute(2, 0, 1)[None, :, :, 106:533].float()
    network = build_extractor("efficientnet_lite0", resize=224).network.network
    small = F.interpolate(image, (224, 224), mode="bilinear", antialias=True) / 127.5 - 1
    with torch.inference_mode():
        assert network(small).argmax() == label


def test_grey_is_repeated(extractor):
    grey = pictures(channels=1)
    assert torch.equal(extractor(grey)[0], extractor(grey.repeat(1, 3, 1, 1))[0])


def test_a_row_depends_on_its_picture_alone(extractor):
    images = pictures(8)
    order = torch.randperm(8)
    assert torch.allclose(extractor(images[order])[0], extractor(images)[0][order], rtol=0, atol=1e-5)


def test_precision_around_it_changes_nothing(extractor):
    images = pictures()
    expected = extractor(images)[0]
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(extractor(images)[0], expected)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)


def test_is_built_once_and_without_random_numbers(extractor):
    before = torch.get_rng_state()
    assert build_extractor("efficientnet_lite0", resize=64) is extractor
    build_extractor("efficientnet_lite0", resize=32)
    assert torch.equal(torch.get_rng_state(), before)


def test_is_frozen_and_in_evaluation_mode(extractor):
    assert not any(module.training for module in extractor.network.modules())
    assert not any(parameter.requires_grad for parameter in extractor.network.parameters())
    assert not isinstance(extractor, torch.nn.Module)  # so no LightningModule takes it for a part of its own


@pytest.mark.parametrize("images", [torch.rand(2, 3, 8, 8), pictures(channels=4), pictures()[0]])
def test_other_input_is_refused(extractor, images):
    with pytest.raises(ValueError, match="takes uint8"):
        extractor(images)


def test_features_that_are_not_finite_name_the_extractor(extractor):
    features = torch.zeros(5, 4)
    features[2, 1] = torch.nan
    with pytest.raises(WeightsError, match=r"efficientnet_lite0: .*1 of 5 pictures"):
        extractor.check(features)


def test_unknown_extractor_lists_the_known_ones():
    with pytest.raises(ConfigError, match=r"metrics\.extractor=resnet .*efficientnet_lite0.*inception-v3-compat"):
        build_extractor("resnet")


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("inception-v3-compat", inception_module),
        ("vgg16", vgg16_module),
        ("clip-rn50", clip_module),
        ("clip-vit-b-32", clip_module),
        ("dinov2-vit-s-14", dinov2_module),
        ("dinov2-vit-g-14", dinov2_module),
    ],
)
def test_without_network_one_line_says_what_to_do(monkeypatch, name, module):
    def offline(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no route")

    asks = "torchvision_load_pretrained_vgg16" if name == "vgg16" else "load_state_dict_from_url"
    monkeypatch.setattr(module, asks, offline)
    with pytest.raises(WeightsError) as caught:
        build_extractor(name)
    message = str(caught.value)
    for part in (name, PUBLISHED_FILES[name], torch.hub.get_dir(), "metrics.weights", "metrics=fast", "no route"):
        assert part in message
    assert "\n" not in message


def test_missing_file_of_weights(tmp_path):
    with pytest.raises(WeightsError, match=r"metrics\.weights: there is no file"):
        build_extractor(INCEPTION, str(tmp_path / "none.pth"))


def test_file_that_is_no_state_dict(tmp_path):
    broken, code, other = (tmp_path / name for name in ("broken.pth", "code.pth", "other.pth"))
    broken.write_bytes(b"not weights")
    torch.save(print, code)  # unpickling it would run what the file says
    torch.save({"layer.weight": torch.zeros(3)}, other)
    with pytest.raises(WeightsError, match="not a file of weights"):
        build_extractor(INCEPTION, str(broken))
    with pytest.raises(WeightsError, match="not a file of weights"):
        build_extractor(INCEPTION, str(code))
    with pytest.raises(WeightsError, match="does not fit efficientnet_lite0"):
        build_extractor("efficientnet_lite0", str(other))


# Architectures on random weights in the layout that was published


def random_state(network: nn.Module) -> dict[str, torch.Tensor]:
    """Random weights for a network built on the device meta; variances are one."""
    draw = torch.Generator().manual_seed(0)
    state = {}
    for name, value in network.state_dict().items():
        scale = value[0].numel() ** -0.5 if value.ndim > 1 else 0.1
        random = torch.randn(value.shape, generator=draw) * scale if value.is_floating_point() else torch.zeros(())
        state[name] = torch.ones(value.shape) if name.endswith("running_var") else random
    return state


def test_inception_takes_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(inception_module, "load_state_dict_from_url", lambda *_, **__: {})
    monkeypatch.setattr(nn.Module, "load_state_dict", lambda *_, **__: None)
    with torch.device("meta"):
        network = inception_module.FeatureExtractorInceptionV3(INCEPTION, ["2048"])
    monkeypatch.undo()
    path = tmp_path / "inception.pth"
    torch.save(random_state(network), path)
    features, logits = build_extractor(INCEPTION, str(path))(pictures(2))
    assert (features.shape, logits.shape) == ((2, 2048), (2, 1008))
    assert features.isfinite().all()


@pytest.mark.slow
def test_vgg16_takes_a_file(tmp_path):
    """A file of half a gigabyte."""
    with torch.device("meta"):
        network = vgg16()
    path = tmp_path / "vgg16.pth"
    torch.save(random_state(network), path)
    features, logits = build_extractor("vgg16", str(path))(pictures(1))
    assert features.shape == (1, 4096)
    assert features.min() >= 0
    assert logits is None


class TinyClip(nn.Module):
    """CLIP's layout with one layer of 64 channels, in TorchScript as it was published."""

    def __init__(self) -> None:
        super().__init__()
        self.visual = clip_module.CLIPVisual(32, 64, 1, 64, 32).visual
        self.text_projection = nn.Parameter(torch.randn(16, 32))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.visual(image)


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning", "ignore::torch.jit.TracerWarning")
def test_clip_takes_its_torchscript(tmp_path):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = TinyClip().eval()
    scripted, state = tmp_path / "clip.pt", tmp_path / "clip.pth"
    torch.jit.trace(network, torch.rand(1, 3, 64, 64)).save(scripted)
    features, logits = build_extractor("clip-vit-b-32", str(scripted))(pictures(2))
    assert features.shape == (2, 32)
    assert logits is None
    torch.save(network.state_dict(), state)
    with pytest.raises(WeightsError, match="not clip-vit-b-32 as its authors published it, in TorchScript"):
        build_extractor("clip-vit-b-32", str(state))
    with pytest.raises(WeightsError, match="there is no file"):
        build_extractor("clip-vit-b-32", str(tmp_path / "none.pt"))
