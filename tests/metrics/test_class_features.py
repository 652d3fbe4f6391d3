"""Features of a classifier of the data itself: trained once, told apart by what it was trained on."""

import pytest
import torch

from gansmith.errors import ConfigError, DataError
from gansmith.metrics import class_features, classifier
from gansmith.metrics.class_features import classifier_extractor
from gansmith.metrics.extractors import build_extractor


class Labelled:
    """Noise that is brighter in class 1."""

    def __init__(self, side: int = 8, classes: int = 2, fingerprint: str = "noise", count: int = 40) -> None:
        draw = torch.Generator().manual_seed(0)
        images = torch.randint(0, 128, (count, 1, side, side), generator=draw, dtype=torch.uint8)
        self.labels = torch.arange(count) % 2
        self.images = images + (100 * self.labels.view(-1, 1, 1, 1)).to(torch.uint8)
        self.classes, self.fingerprint = classes, fingerprint

    def batch(self, indices: torch.Tensor) -> torch.Tensor:
        return self.images[indices]


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(classifier, "STEPS", (10, 10))


@pytest.fixture
def trainings(monkeypatch) -> list[object]:
    """Which sets have been trained on."""
    found: list[object] = []
    trained = class_features.trained
    monkeypatch.setattr(class_features, "trained", lambda *args: found.append(args[0]) or trained(*args))
    return found


def test_features_are_those_before_the_last_layer(tmp_path):
    data = Labelled()
    extractor = classifier_extractor(data, tmp_path, "cpu")
    features, logits = extractor(data.images)
    assert extractor.name == "classifier"
    assert features.shape == (40, 128)
    assert logits is None
    dark, bright = features[data.labels == 0].mean(0), features[data.labels == 1].mean(0)
    assert (dark - bright).norm() > features[data.labels == 0].std(0).norm()


def test_it_is_trained_once_and_gives_the_same_features_from_the_cache(tmp_path, trainings):
    data = Labelled()
    first, second = (classifier_extractor(data, tmp_path, "cpu") for _ in range(2))
    assert len(trainings) == 1
    assert torch.equal(first(data.images)[0], second(data.images)[0])
    assert len(list(tmp_path.iterdir())) == 1
    classifier_extractor(data, tmp_path / "elsewhere", "cpu")
    assert len(trainings) == 2


def test_other_pictures_or_labels_are_another_classifier(tmp_path, trainings):
    sets = [Labelled(), Labelled(fingerprint="other"), Labelled()]
    sets[2].labels = 1 - sets[2].labels
    extractors = [classifier_extractor(data, tmp_path, "cpu") for data in sets]
    assert len(trainings) == 3
    assert len({extractor.trained_on for extractor in extractors}) == 3
    assert "" not in {extractor.trained_on for extractor in extractors}


def test_grey_is_seen_as_equal_channels(tmp_path):
    data = Labelled()
    extractor = classifier_extractor(data, tmp_path, "cpu")
    assert torch.equal(extractor(data.images)[0], extractor(data.images.repeat(1, 3, 1, 1))[0])


def test_inside_an_evaluation_nothing_outside_changes(tmp_path):
    before = torch.get_rng_state()
    with torch.inference_mode():
        classifier_extractor(Labelled(), tmp_path, "cpu")
    assert torch.equal(torch.get_rng_state(), before)


def test_what_it_can_not_do_is_one_line(tmp_path):
    unlabelled = Labelled()
    unlabelled.labels, unlabelled.classes = None, 0
    with pytest.raises(ConfigError, match=r"^metrics\.extractor=classifier is trained on classes.*no labels$"):
        classifier_extractor(unlabelled, tmp_path, "cpu")
    with pytest.raises(DataError, match="at least 8 pixels"):
        classifier_extractor(Labelled(side=4), tmp_path, "cpu")
    extractor = classifier_extractor(Labelled(), tmp_path, "cpu")
    with pytest.raises(DataError, match="trained on 8 x 8 pixels, pictures have 16 x 16"):
        extractor(Labelled(side=16).images)
    with pytest.raises(ConfigError, match=r"^metrics\.extractor=classifier is trained on labels"):
        build_extractor("classifier")
