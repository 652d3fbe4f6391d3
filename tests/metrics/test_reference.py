"""Which real pictures a protocol compares with, and when their features are computed."""

from dataclasses import replace

import pytest
import torch

from gansmith.errors import DataError
from gansmith.metrics.extractors import build_extractor
from gansmith.metrics.protocol import Protocol
from gansmith.metrics.reference import RealFeatures, reference_indices

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
