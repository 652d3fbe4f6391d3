"""What a classifier of the data set itself sees in pictures: for sets that ImageNet knows nothing of."""

from __future__ import annotations

import hashlib
import logging
import os
from typing import Protocol as Interface

import torch
from torch import Tensor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gansmith.errors import ConfigError, DataError
from gansmith.metrics import cache
from gansmith.metrics.classifier import Classifier, train_classifier
from gansmith.metrics.collective import from_rank_zero
from gansmith.metrics.extractors import Extractor
from gansmith.metrics.random_state import random_state_kept
from gansmith.metrics.weights import CLASSIFIER, RECIPE

log = logging.getLogger("gansmith.metrics")


class LabelledSet(Interface):
    """Pictures with labels: the data package's sets have this form."""

    classes: int
    labels: Tensor | None

    @property
    def fingerprint(self) -> str:
        """Changes with the pictures and their order."""

    def batch(self, indices: Tensor) -> Tensor:
        """int64 (n,) -> uint8 (n, C, H, W)."""


class ClassFeatures(FeatureExtractorBase):
    """The features before the last layer of a classifier of RGB pictures of one size."""

    def __init__(self, classifier: Classifier, size: tuple[int, int]) -> None:
        super().__init__(CLASSIFIER, ["penultimate"])
        self.classifier, self.size = classifier, size

    def forward(self, input: Tensor) -> tuple[Tensor]:
        """uint8 (N, 3, H, W) -> float32 (N, d). Raises DataError for another size than that of its training."""
        size = tuple(input.shape[-2:])
        if size != self.size:
            sizes = [" x ".join(map(str, sides)) for sides in (self.size, size)]
            raise DataError(
                f"metrics.extractor={CLASSIFIER} was trained on {sizes[0]} pixels, pictures have {sizes[1]}"
            )
        return (self.classifier.features(input),)

    @staticmethod
    def get_provided_features_list() -> tuple[str]:
        return ("penultimate",)


def classifier_extractor(
    training: LabelledSet, cache_dir: str | os.PathLike[str], device: torch.device | str
) -> Extractor:
    """The extractor that is trained on these pictures, or was: its weights are kept in `cache_dir`.

    Collective: rank 0 reads, trains and writes, and all ranks get its weights. Grey pictures are seen as RGB.

    Args:
        training: such as `data.split("train")`.
        cache_dir: folder for its weights, by the content of `training`.
        device: where it computes. It is trained there as well, and GPUs may round otherwise than CPUs.

    Raises:
        ConfigError: no labels.
        DataError: a side below 8 pixels.
    """
    if training.labels is None or training.classes < 2:
        raise ConfigError(f"metrics.extractor={CLASSIFIER} is trained on classes, and these data have no labels")
    device = torch.device(device)
    labels = hashlib.sha256(training.labels.numpy().tobytes()).hexdigest()
    content = {"classifier": RECIPE, "training": training.fingerprint, "labels": labels, "device": device.type}
    path = cache.cache_path(cache_dir, **content)

    def state() -> dict[str, Tensor]:
        found = cache.load(path)
        if found is None:
            found = trained(training, device).state_dict()
            found = {key: value.cpu() for key, value in found.items()}
            cache.store(path, found)
        return found

    weights = from_rank_zero(state, device)
    height, width = training.batch(torch.tensor([0])).shape[-2:]
    with torch.inference_mode(False), random_state_kept(torch.device("cpu")):
        classifier = Classifier(3, min(height, width), training.classes).float()
        classifier.load_state_dict(weights)
    network = ClassFeatures(classifier, (height, width)).eval().requires_grad_(False)
    return Extractor(network, device, trained_on=path.stem)


def trained(training: LabelledSet, device: torch.device) -> Classifier:
    """A classifier of the set's pictures as RGB."""
    assert training.labels is not None
    log.info("training a classifier on the %d pictures of the train split", len(training.labels))

    def colour(indices: Tensor) -> Tensor:
        return training.batch(indices).expand(-1, 3, -1, -1)

    return train_classifier(colour, training.labels, training.classes, seed=0, device=device)
