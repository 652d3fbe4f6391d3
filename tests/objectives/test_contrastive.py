"""PatchNCE against its closed form, and what it wants."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from gansmith.objectives.contrastive import patch_nce

ROWS, PATCHES, WIDTH = 3, 5, 4


def features(seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return normalize(torch.randn(ROWS * PATCHES, WIDTH, generator=generator, dtype=torch.float64), dim=1)


def test_it_is_the_cross_entropy_of_the_own_place_patch_by_patch():
    queries, keys = features(1), features(2)
    temperature, losses = 0.3, []
    for row in range(ROWS):
        of_query, of_key = (side.numpy().reshape(ROWS, PATCHES, WIDTH)[row] for side in (queries, keys))
        for place in range(PATCHES):
            positive = np.exp(of_query[place] @ of_key[place] / temperature)
            negatives = sum(
                np.exp(of_query[place] @ of_key[other] / temperature) for other in range(PATCHES) if other != place
            )
            losses.append(-np.log(positive / (positive + negatives)))
    assert patch_nce(queries, keys, ROWS, temperature).item() == pytest.approx(np.mean(losses), rel=1e-10)


def test_pictures_are_no_negatives_of_each_other():
    queries, keys = features(1), features(2)
    apart = [
        patch_nce(queries[row * PATCHES :][:PATCHES], keys[row * PATCHES :][:PATCHES], rows=1) for row in range(ROWS)
    ]
    torch.testing.assert_close(patch_nce(queries, keys, ROWS), torch.stack(apart).mean())


def test_patches_that_look_alike_cost_the_logarithm_of_their_number():
    same = torch.ones(ROWS * PATCHES, 1, dtype=torch.float64)
    assert patch_nce(same, same, ROWS).item() == pytest.approx(math.log(PATCHES))


def test_patches_that_tell_apart_cost_nothing():
    distinct = torch.eye(PATCHES, dtype=torch.float64).repeat(ROWS, 1)
    assert patch_nce(distinct, distinct, ROWS, temperature=0.01).item() < 1e-12


def test_a_single_patch_has_no_negatives():
    assert patch_nce(features(1)[:ROWS], features(2)[:ROWS], ROWS).item() == 0


def test_no_gradient_reaches_the_keys():
    queries, keys = features(1).requires_grad_(True), features(2).requires_grad_(True)
    patch_nce(queries, keys, ROWS).backward()
    assert queries.grad is not None
    assert queries.grad.abs().sum() > 0
    assert keys.grad is None
