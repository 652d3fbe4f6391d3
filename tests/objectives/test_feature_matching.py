"""The distance of a discriminator's features, against sums written out."""

import pytest
import torch
from torch import Tensor

from gansmith.objectives.feature_matching import feature_matching


def layers(seed: int) -> list[list[Tensor]]:
    """Two discriminators with two hidden layers and logits each."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [[(2, 3, 8, 8), (2, 5, 4, 4), (2, 1, 3, 3)], [(2, 3, 4, 4), (2, 5, 2, 2), (2, 1, 1, 1)]]
    return [[torch.randn(shape, generator=generator, dtype=torch.float64) for shape in scale] for scale in shapes]


def test_it_is_the_sum_over_hidden_layers_and_scales_of_mean_differences():
    fake, real = layers(1), layers(2)
    expected = sum(
        (fake[scale][layer] - real[scale][layer]).abs().sum().item() / fake[scale][layer].numel()
        for scale in (0, 1)
        for layer in (0, 1)
    )
    assert feature_matching(fake, real).item() == pytest.approx(expected, rel=1e-12)


def test_logits_do_not_count():
    fake, real = layers(1), layers(2)
    before = feature_matching(fake, real)
    fake[0][-1] += 100
    assert torch.equal(feature_matching(fake, real), before)


def test_equal_features_are_at_distance_zero():
    assert feature_matching(layers(1), layers(1)).item() == 0


def test_no_gradient_reaches_the_features_of_the_target():
    fake, real = layers(1), layers(2)
    for scale in (*fake, *real):
        for features in scale:
            features.requires_grad_(True)
    feature_matching(fake, real).backward()
    assert all(features.grad is not None for scale in fake for features in scale[:-1])
    assert all(features.grad is None for scale in real for features in scale)
