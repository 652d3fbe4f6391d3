"""How much of real pictures one learns from generated ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from gansmith.errors import ConfigError
from gansmith.metrics.classifier import accuracy, train_classifier
from gansmith.metrics.collective import from_rank_zero
from gansmith.metrics.features import of_samples


def classification_accuracy(
    model: Any,
    data: Any,
    samples: int,
    seed: int,
    device: torch.device | str,
    tick: Callable[[int], None] = lambda done: None,
    batch_size: int = 64,
) -> float:
    """The classification accuracy score: a classifier trained on samples alone, tested on real pictures.

    Ravuri and Vinyals, "Classification accuracy score for conditional generative models" (2019, arXiv:1905.10887),
    section 3, with `Classifier` in the place of their ResNet-50. Collective: the ranks share the sampling, rank 0
    trains, and every rank gets its number. The samples lie in every rank's memory.

    Args:
        model: class-conditional; `sample_images(indices, seed)` and `labels_of(indices)` give pictures and labels.
        data: whose test split is real.
        samples: number of generated pictures.
        seed: of the samples and of the training.
        device: where the classifier is trained.
        tick: called with the number of pictures made so far.
        batch_size: pictures that a rank makes at a time.

    Returns the share of real test pictures that are classified rightly, between 0 and 1.

    Raises:
        ConfigError: a model or data without classes, or with other ones.
        DataError: no test split, or pictures below 8 pixels.
    """
    classes = getattr(model, "classes", 0)
    if classes < 2 or data.classes != classes:
        raise ConfigError(
            f"metrics.metrics: cas needs labels: the model has {classes} classes, the data {data.classes}"
        )
    real = data.split("test")
    images = of_samples(lambda indices: model.sample_images(indices, seed), samples, device, batch_size, tick)
    labels = model.labels_of(torch.arange(samples)).cpu()

    def score() -> float:
        classifier = train_classifier(images, labels, classes, seed, device)
        return accuracy(classifier, real.batch, real.labels)

    return from_rank_zero(score, torch.device(device))
