"""Whether the right one is found among others: R-precision of text to image (AttnGAN: Xu et al., 2017,
arXiv:1711.10485, section 4.1).
"""

from __future__ import annotations

import torch
from torch import Tensor


def recall_at(similarities: Tensor, k: int, pool: int = 100) -> float:
    """R@k: the share of queries whose own candidate is among the k most similar of a pool; chance is k / pool.

    Pools are rows 0 to pool - 1, the next `pool`, and so on; a rest that does not fill one is left out. Another
    candidate that is as similar counts as more similar, so embeddings that have collapsed find nothing, and so does
    one that can't be compared (NaN).

    Args:
        similarities: (n, n), of query i to candidate j; query i's own candidate is i.
        k: from 1 to `pool`.
        pool: candidates to choose from.

    Raises:
        ValueError: a matrix that is not square or does not fill a pool, or another k.
    """
    if similarities.ndim != 2 or similarities.shape[0] != similarities.shape[1] or len(similarities) < pool:
        raise ValueError(f"similarities {tuple(similarities.shape)} are no (n, n) with n from {pool} on")
    if not 1 <= k <= pool:
        raise ValueError(f"recall at {k} in pools of {pool}: k is from 1 to {pool}")
    pools = len(similarities) // pool
    blocks = torch.stack([similarities[i * pool : (i + 1) * pool, i * pool : (i + 1) * pool] for i in range(pools)])
    own = blocks.diagonal(dim1=1, dim2=2)[..., None]
    # The own candidate is never below itself, so it counts as its own place.
    places = (~(blocks < own)).sum(2)
    return (places <= k).double().mean().item()
