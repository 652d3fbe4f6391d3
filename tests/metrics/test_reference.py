"""Which real pictures a protocol compares with, and when their features are computed."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from gansmith.data.imageset import MemoryImages
from gansmith.errors import DataError
from gansmith.metrics.extractors import build_extractor
from gansmith.metrics.protocol import Protocol
from gansmith.metrics.reference import RealFeatures, all_features, reference_indices

PROTOCOL = Protocol("test", reference_samples=20, resize=32, batch_size=10)


@pytest.fixture
def real(digits, picture_set):
    return picture_set(digits[:30])


def test_subset_is_fixed_by_the_seed(real):
    chosen = reference_indices(real, PROTOCOL)
    assert len(chosen.unique()) == 20
    assert torch.equal(chosen, reference_indices(real, PROTOCOL))
    assert not torch.equal(chosen, reference_indices(real, replace(PROTOCOL, seed=1)))


@pytest.mark.parametrize("wanted", [None, 30, 1000])
def test_the_whole_split_where_it_has_no_more(real, wanted):
    chosen = reference_indices(real, replace(PROTOCOL, reference_samples=wanted))
    assert torch.equal(chosen, torch.arange(30))


@pytest.mark.parametrize("pictures", [0, 1])
def test_one_picture_has_no_covariance(digits, picture_set, pictures):
    with pytest.raises(DataError, match=f"train split has {pictures} pictures; .*at least 2"):
        reference_indices(picture_set(digits[:pictures]), PROTOCOL)


def test_features_are_computed_once(real, tmp_path):
    extractor = build_extractor("efficientnet_lite0", resize=32)
    first = RealFeatures(real, PROTOCOL, extractor, tmp_path)
    assert not first.cached
    first.compute()
    again = RealFeatures(real, PROTOCOL, extractor, tmp_path)
    assert again.cached
    assert again.tensors is not None
    assert first.tensors is not None
    assert torch.equal(again.tensors["features"], first.tensors["features"])
    assert torch.allclose(again.tensors["mean"], again.tensors["features"].double().mean(0))


@pytest.mark.parametrize("change", [{"seed": 1}, {"reference_samples": 19}, {"resize": 64}])
def test_another_protocol_is_another_entry(real, tmp_path, change):
    extractor = build_extractor("efficientnet_lite0", resize=32)
    RealFeatures(real, PROTOCOL, extractor, tmp_path).compute()
    assert not RealFeatures(real, replace(PROTOCOL, **change), extractor, tmp_path).cached


@pytest.mark.parametrize("change", [{"batch_size": 3}, {"samples": 50}, {"kd_subsets": 5}])
def test_what_does_not_touch_the_reference_shares_its_entry(real, tmp_path, change):
    extractor = build_extractor("efficientnet_lite0", resize=32)
    RealFeatures(real, PROTOCOL, extractor, tmp_path).compute()
    assert RealFeatures(real, replace(PROTOCOL, **change), extractor, tmp_path).cached


def test_other_data_are_another_entry(digits, picture_set, real, tmp_path):
    extractor = build_extractor("efficientnet_lite0", resize=32)
    RealFeatures(real, PROTOCOL, extractor, tmp_path).compute()
    other = picture_set(digits[:30], fingerprint="others")
    assert not RealFeatures(other, PROTOCOL, extractor, tmp_path).cached


def test_one_changed_pixel_is_another_entry(digits, tmp_path):
    extractor = build_extractor("efficientnet_lite0", resize=32)
    images = digits[:30].clone()
    RealFeatures(MemoryImages(images), PROTOCOL, extractor, tmp_path).compute()
    assert RealFeatures(MemoryImages(images.clone()), PROTOCOL, extractor, tmp_path).cached
    images[7, 0, 3, 3] += 1
    assert not RealFeatures(MemoryImages(images), PROTOCOL, extractor, tmp_path).cached


def test_another_order_is_another_entry(digits, tmp_path):
    extractor = build_extractor("efficientnet_lite0", resize=32)
    RealFeatures(MemoryImages(digits[:30]), PROTOCOL, extractor, tmp_path).compute()
    assert not RealFeatures(MemoryImages(digits[:30].flip(0)), PROTOCOL, extractor, tmp_path).cached


def test_all_features_are_of_every_picture(real, tmp_path):
    extractor = build_extractor("efficientnet_lite0", resize=32)
    assert len(all_features(real, PROTOCOL, extractor, tmp_path).indices) == 30


def test_labels_are_those_of_the_chosen_pictures(digits, picture_set, tmp_path):
    extractor = build_extractor("efficientnet_lite0", resize=32)
    labelled = RealFeatures(picture_set(digits[:30], labels=torch.arange(30)), PROTOCOL, extractor, tmp_path)
    assert torch.equal(labelled.labels, labelled.indices)
    assert RealFeatures(picture_set(digits[:30]), PROTOCOL, extractor, tmp_path).labels is None


RUN = """
import sys
import torch
from gansmith.data.imageset import MemoryImages
from gansmith.metrics.evaluate import evaluate
from gansmith.metrics.protocol import Protocol

torch.set_num_threads(1)
images = torch.randint(0, 256, (60, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
protocol = Protocol("test", samples=30, reference_samples=30, resize=32, batch_size=10, kd_subset_size=20)
print("ready", flush=True)
sys.stdin.readline()
found = evaluate(lambda i: images[30 + i], MemoryImages(images[:30]), protocol, device="cpu", cache_dir=sys.argv[1])
print(sorted(found.items()))
"""


@pytest.mark.slow
def test_two_runs_at_once_do_not_harm_each_other(tmp_path):
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for run in runs:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("go\n")
        run.stdin.flush()
    first, second = (run.communicate(timeout=300)[0] for run in runs)
    assert [run.returncode for run in runs] == [0, 0]
    assert first == second != ""
    assert len(list(tmp_path.iterdir())) == 1
