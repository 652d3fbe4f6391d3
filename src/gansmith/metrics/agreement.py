"""Whether samples show the class that was asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor

from gansmith.metrics.arithmetic import float32_arithmetic
from gansmith.metrics.class_features import ClassFeatures, classifier_extractor
from gansmith.metrics.features import of_samples


def label_agreement(
    model: Any,
    data: Any,
    samples: int,
    seed: int,
    device: torch.device | str,
    cache_dir: str | os.PathLike[str],
    tick: Callable[[int], None] = lambda done: None,
    batch_size: int = 64,
) -> float:
    """The share of samples in which a classifier of real pictures sees the class that they were asked for.

    The classifier learns from the train split. It errs on real pictures too, so a perfect model reaches its accuracy
    and not 1; one that shows its classes more plainly than the data do reaches more. Collective: the ranks share the
    sampling, and every rank gets the number.

    Args:
        model: class-conditional; `sample_images(indices, seed)` and `labels_of(indices)` give pictures and labels.
        data: whose train split has labels.
        samples: number of generated pictures.
        seed: of the samples.
        device: where the classifier is trained and computes.
        cache_dir: folder for its weights.
        tick: called with the number of pictures made so far.
        batch_size: pictures that a rank makes at a time.

    Raises:
        ConfigError: data without labels.
        DataError: pictures below 8 pixels.
    """
    device = torch.device(device)
    extractor = classifier_extractor(data.split("train"), cache_dir, device)
    classifier = cast(ClassFeatures, extractor.network).classifier

    def seen(indices: Tensor) -> Tensor:
        images = model.sample_images(indices, seed).to(device)
        with torch.inference_mode(), float32_arithmetic(device):
            return classifier(images.expand(-1, 3, -1, -1)).argmax(1)

    asked = model.labels_of(torch.arange(samples)).cpu()
    return (of_samples(seen, samples, device, batch_size, tick) == asked).double().mean().item()
