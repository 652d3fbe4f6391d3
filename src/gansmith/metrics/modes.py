"""How many modes samples have, and how evenly: of stacked digits, where a classifier can count them.

Metz et al., "Unrolled generative adversarial networks" (2017, arXiv:1611.02163).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor

from gansmith.metrics.arithmetic import float32_arithmetic
from gansmith.metrics.class_features import ClassFeatures, classifier_extractor
from gansmith.metrics.classifier import Classifier
from gansmith.metrics.features import of_samples


def mode_coverage(
    model: Any,
    data: Any,
    samples: int,
    seed: int,
    device: torch.device | str,
    cache_dir: str | os.PathLike[str],
    tick: Callable[[int], None] = lambda done: None,
    batch_size: int = 64,
) -> tuple[int, float]:
    """Modes that at least one sample shows, and KL(samples || training pictures) of their frequencies, in nats.

    A mode is what a classifier of single digits reads in the channels. It errs now and then, and may so find a mode
    that is not there. The divergence is biased upward by about (modes - 1) / (2 samples). Collective: the ranks share
    the sampling, and every rank gets the numbers.

    Args:
        model: `sample_images(indices, seed)` gives pictures, uint8 (n, C, H, W).
        data: whose train split has `labels`, the numbers that its pictures show, and `digits` to learn from.
        samples: number of generated pictures.
        seed: of the samples.
        device: where the classifier is trained and computes.
        cache_dir: folder for its weights.
        tick: called with the number of pictures made so far.
        batch_size: pictures that a rank makes at a time.
    """
    real, device = data.split("train"), torch.device(device)
    classifier = cast(ClassFeatures, classifier_extractor(real.digits, cache_dir, device).network).classifier

    def read(indices: Tensor) -> Tensor:
        return numbers_read(classifier, model.sample_images(indices, seed))

    shown = of_samples(read, samples, device, batch_size, tick).bincount(minlength=data.classes)
    return int((shown > 0).sum()), divergence(shown, real.labels.bincount(minlength=data.classes))


def numbers_read(classifier: Classifier, images: Tensor) -> Tensor:
    """What pictures, uint8 (n, C, H, W), show: the classes in their channels as the digits of a number, int64 (n,)."""
    rows, channels = images.shape[:2]
    device, base = classifier.head.weight.device, classifier.head.out_features
    with torch.inference_mode(), float32_arithmetic(device):
        grey = images.to(device).flatten(0, 1)[:, None].expand(-1, 3, -1, -1)
        digits = classifier(grey).argmax(1).view(rows, channels)
    values = base ** torch.arange(channels - 1, -1, -1, device=device)
    return (digits * values).sum(1)


def divergence(shown: Tensor, real: Tensor) -> float:
    """KL(p || q) in nats of the frequencies in counts (modes,) each; infinite where q lacks what p has."""
    p, q = (counts.double() / counts.sum() for counts in (shown, real))
    return float(torch.where(p > 0, p * (p / q).log(), 0).sum())
