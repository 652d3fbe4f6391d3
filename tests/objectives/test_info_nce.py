"""The symmetric contrastive loss against its closed form, and on several processes."""

import math

import numpy as np
import pytest
import torch
from contrasted import PAIRS, loss_and_gradients, run
from torch.nn.functional import normalize

from gansmith.objectives.info_nce import info_nce


def embeddings(seed: int, pairs: int = 5) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return normalize(torch.randn(pairs, 3, generator=generator, dtype=torch.float64), dim=1)


def test_it_is_the_mean_cross_entropy_of_both_directions():
    images, texts, scale = embeddings(1), embeddings(2), 7.0
    logits = scale * images.numpy() @ texts.numpy().T
    losses = []
    for i in range(5):
        losses.append(-logits[i, i] + np.log(np.exp(logits[i]).sum()))
        losses.append(-logits[i, i] + np.log(np.exp(logits[:, i]).sum()))
    assert info_nce(images, texts, scale).item() == pytest.approx(np.mean(losses), rel=1e-12)


def test_pairs_that_look_alike_cost_the_logarithm_of_their_number():
    same = embeddings(1)[:1].expand(5, -1)
    assert info_nce(same, same, 10.0).item() == pytest.approx(math.log(5))
    assert info_nce(embeddings(1), embeddings(2), 0.0).item() == pytest.approx(math.log(5))


def test_pairs_that_are_told_apart_cost_nothing():
    distinct = torch.eye(4, dtype=torch.float64)
    assert info_nce(distinct, distinct, 100.0).item() < 1e-12


def test_it_is_symmetric_and_the_order_of_the_pairs_does_not_matter():
    images, texts, order = embeddings(1), embeddings(2), torch.tensor([3, 0, 4, 1, 2])
    expected = info_nce(images, texts, 5.0)
    torch.testing.assert_close(info_nce(texts, images, 5.0), expected)
    torch.testing.assert_close(info_nce(images[order], texts[order], 5.0), expected)


def test_gradients_pull_a_pair_together():
    images = embeddings(1).requires_grad_()
    texts = embeddings(2)
    info_nce(images, texts, 5.0).backward()
    closer = normalize(images - 1e-3 * images.grad, dim=1)
    assert info_nce(closer, texts, 5.0) < info_nce(images, texts, 5.0)


@pytest.mark.slow
@pytest.mark.parametrize("world", [2, 3])
def test_the_mean_over_processes_is_that_of_the_whole_batch(tmp_path, world):
    alone = loss_and_gradients(0, PAIRS)
    for averaged, whole in zip(zip(*run(world, tmp_path)), alone, strict=True):
        torch.testing.assert_close(torch.stack(averaged).mean(0), whole, rtol=1e-12, atol=1e-12)
