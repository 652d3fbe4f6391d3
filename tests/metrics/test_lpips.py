"""LPIPS on random weights in the published layout: the numbers of those who published it."""

import urllib.error
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch_fidelity import sample_similarity_lpips as theirs
from torch_fidelity.sample_similarity_lpips import SampleSimilarityLPIPS
from torchvision import models

from gansmith.errors import DataError, WeightsError
from gansmith.metrics.lpips import BACKBONES, linear, lpips, lpips_digest, lpips_network, published_digest


@pytest.fixture(scope="module")
def backbones(tmp_path_factory) -> dict[str, nn.Sequential]:
    """Convolutions of random weights, and their files, by name; the linear layers are left out."""
    folder = tmp_path_factory.mktemp("weights")
    found = {}
    for name, backbone in BACKBONES.items():
        with torch.device("meta"):
            features = getattr(models, backbone.architecture)().features
        features.to_empty(device="cpu")
        draw = torch.Generator().manual_seed(0)
        for parameter in features.parameters():
            parameter.data.normal_(0, parameter[0].numel() ** -0.5, generator=draw)
        path = folder / f"{name}.pth"
        torch.save({f"features.{key}": value for key, value in features.state_dict().items()}, path)
        found[name] = SimpleNamespace(features=features, path=str(path))
    return found


def noise(count: int = 2, side: int = 48, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, side, side), generator=generator, dtype=torch.uint8)


def test_vgg_has_what_torch_fidelity_says(backbones, monkeypatch):
    weights = linear("vgg", torch.device("cpu"))
    layout = {f"lin{layer}.model.1.weight": value[None, :, None, None] for layer, value in enumerate(weights)}
    monkeypatch.setattr(theirs, "load_state_dict_from_url", lambda *_, **__: layout)
    monkeypatch.setattr(theirs, "torchvision_load_pretrained_vgg16", lambda: backbones["vgg"])
    expected = SampleSimilarityLPIPS("lpips-vgg16")(noise(), noise(seed=1)).flatten()
    ours = lpips(noise(), noise(seed=1), lpips_network("vgg", backbones["vgg"].path))
    assert ours.tolist() == pytest.approx(expected.tolist(), rel=1e-4)


@pytest.mark.parametrize("name", BACKBONES)
def test_both_have_what_torchmetrics_says(backbones, name):
    from torchmetrics.functional.image.lpips import _LPIPS

    reference = _LPIPS(pretrained=True, net=name, pnet_rand=True, use_dropout=True).eval()
    own = [module for module in backbones[name].features if isinstance(module, nn.Conv2d)]
    convolutions = [module for module in reference.net.modules() if isinstance(module, nn.Conv2d)]
    for target, source in zip(convolutions, own):
        target.load_state_dict(source.state_dict())
    first, second = noise(), noise(seed=1)
    with torch.inference_mode():
        expected = reference(first / 127.5 - 1, second / 127.5 - 1).flatten()
    ours = lpips(first, second, lpips_network(name, backbones[name].path))
    assert ours.tolist() == pytest.approx(expected.tolist(), rel=1e-4)


@pytest.mark.parametrize("name", BACKBONES)
def test_it_is_a_distance_of_pictures_in_bytes_and_in_floats(backbones, name):
    network = lpips_network(name, backbones[name].path)
    first, second = noise(), noise(seed=1)
    there, back = lpips(first, second, network), lpips(second, first, network)
    assert lpips(first, first, network).tolist() == [0, 0]
    assert (there > 0).all()
    assert torch.allclose(there, back)
    assert torch.allclose(lpips(first / 127.5 - 1, second / 127.5 - 1, network), there, rtol=1e-5)
    assert there.dtype == torch.float64


def test_grey_is_three_equal_channels(backbones):
    network = lpips_network("alex", backbones["alex"].path)
    first, second = noise()[:, :1], noise(seed=1)[:, :1]
    colour = lpips(first.expand(-1, 3, -1, -1), second.expand(-1, 3, -1, -1), network)
    assert torch.allclose(lpips(first, second, network), colour)


@pytest.mark.parametrize("name", BACKBONES)
def test_the_smallest_picture_is_the_smallest_that_works(backbones, name):
    network, smallest = lpips_network(name, backbones[name].path), BACKBONES[name].smallest
    assert lpips(noise(side=smallest), noise(side=smallest, seed=1), network).isfinite().all()
    small = noise(side=smallest - 1)
    with pytest.raises(DataError, match=f"at least {smallest} pixels a side"):
        lpips(small, small, network)
    with pytest.raises(RuntimeError, match="too small"):
        network.features(small / 127.5 - 1)


@pytest.mark.parametrize("name", BACKBONES)
def test_without_network_one_line_says_which_file_goes_where(monkeypatch, name):
    def offline(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", offline)
    with pytest.raises(WeightsError) as caught:
        lpips_network(name, device="cpu")
    message = str(caught.value)
    for part in (BACKBONES[name].file, torch.hub.get_dir(), "metrics.lpips_weights", "perceptual needs no download"):
        assert part in message
    assert "\n" not in message


def test_weights_that_do_not_fit_are_named(backbones, tmp_path):
    with pytest.raises(WeightsError, match=r"metrics\.lpips_weights: .*vgg\.pth does not fit alexnet"):
        lpips_network("alex", backbones["vgg"].path)
    with pytest.raises(WeightsError, match=r"metrics\.lpips_weights: there is no file"):
        lpips_network("alex", str(tmp_path / "none.pth"))


def test_the_digest_tells_published_weights_from_others(backbones):
    assert lpips_digest("alex", None) == published_digest("alex") == "7be5be79"
    assert lpips_digest("alex", backbones["alex"].path) not in ("7be5be79", lpips_digest("alex", backbones["vgg"].path))
