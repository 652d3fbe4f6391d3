"""What is wrong with a number is said beside it, or instead of it in one line."""

import re
from dataclasses import replace

import pytest
import torch

from gansmith.errors import ConfigError, DataError, WeightsError
from gansmith.metrics import scores
from gansmith.metrics.extractors import build_extractor
from gansmith.metrics.protocol import Protocol
from gansmith.metrics.reference import reference_tensors
from gansmith.metrics.scores import check_classes, distances, neighbourhoods, within_classes

PROTOCOL = Protocol("test", resize=32, samples=20, kd_subsets=5, kd_subset_size=10)


def features(n: int = 20, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, 8, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def extractor():
    return build_extractor("efficientnet_lite0", resize=32)


@pytest.fixture(autouse=True)
def forget():
    scores._warn_of_bias.cache_clear()
    scores._warn_of_subsets.cache_clear()


def test_enough_of_everything_is_no_warning(extractor, caplog):
    distances(PROTOCOL, extractor, features(), reference_tensors(features(seed=1)))
    assert not caplog.records


@pytest.mark.parametrize(("which", "words"), [(0, "20 generated .*has collapsed"), (1, "20 real .*say little")])
def test_constant_features_are_said(extractor, caplog, which, words):
    sides = [features(), features(seed=1)]
    sides[which] = sides[which][:1].expand(20, -1)
    found = distances(PROTOCOL, extractor, sides[0], reference_tensors(sides[1]))
    assert torch.tensor(list(found.values())).isfinite().all()
    (message,) = [record.getMessage() for record in caplog.records]
    assert re.search(words, message)


def test_smaller_subsets_than_asked_for_are_said(extractor, caplog):
    distances(replace(PROTOCOL, kd_subset_size=500), extractor, features(), reference_tensors(features(seed=1)))
    assert (
        "kd_efficientnet_lite0_mean is a mean over subsets of 20 and not of metrics.kd_subset_size=500" in caplog.text
    )


def test_features_that_are_not_finite_are_an_error(extractor):
    broken = features()
    broken[3, 2] = torch.nan
    with pytest.raises(WeightsError, match="1 of 20 pictures"):
        distances(PROTOCOL, extractor, broken, reference_tensors(features(seed=1)))


@pytest.mark.parametrize(("metric", "key", "needed"), [("prc", "prc_neighbours", 3), ("dc", "dc_neighbours", 5)])
def test_no_more_pictures_than_neighbours(metric, key, needed):
    protocol = replace(PROTOCOL, metrics=(metric,))
    real = reference_tensors(features(needed))
    with pytest.raises(
        DataError, match=rf"metrics\.{key}={needed} needs more than {needed} real .* {needed} of the train"
    ):
        neighbourhoods(protocol, features(), real, None)
    assert neighbourhoods(protocol, features(), reference_tensors(features(needed + 1)), None)


def test_classes_that_are_not_there():
    protocol, real = replace(PROTOCOL, metrics=("ifd",)), reference_tensors(features(seed=1))
    labels = torch.arange(20) % 4
    with pytest.raises(ConfigError, match="metrics=test has ifd, which needs the classes of the generated pictures"):
        within_classes(protocol, features(), None, real, labels)
    with pytest.raises(ConfigError, match="needs the classes of the real pictures"):
        within_classes(protocol, features(), labels, real, None)
    with pytest.raises(ConfigError, match=r"class 3 has 5 of metrics\.samples=20 and 0 in the train split"):
        within_classes(protocol, features(), labels, real, labels.clamp(max=2))
    with pytest.raises(ConfigError, match=r"class 4 has 0 of .* and 1 in the train split"):
        within_classes(protocol, features(), labels, real, torch.cat([labels[:-1], torch.tensor([4])]))


def test_classes_have_at_least_so_many():
    protocol = replace(PROTOCOL, metrics=("ifd",))
    assert check_classes(protocol, torch.arange(20) % 3, torch.arange(20) % 4 % 3) == (6, 5)


def test_small_classes_are_said(caplog):
    labels = torch.arange(20) % 4
    real = reference_tensors(features(seed=1))
    found = within_classes(replace(PROTOCOL, metrics=("ifd",)), features(), labels, real, labels)
    assert found["ifd_efficientnet_lite0"] > 0
    assert "ifd_efficientnet_lite0 is biased upward: 5 generated and 5 real pictures" in caplog.text
