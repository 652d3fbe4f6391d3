"""Patchwise contrastive learning (Park et al., 2020, arXiv:2007.15651, section 3)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def patch_nce(queries: Tensor, keys: Tensor, rows: int, temperature: float = 0.07) -> Tensor:
    """Cross-entropy of finding, among the patches of one picture, the one at the query's own place.

    Query s of a picture should be closest to key s, which comes from the same place of the input; the keys of
    the other places of that picture are the negatives. The mean over queries is taken where the paper has a
    sum, as in the official implementation.

    Args:
        queries: (rows * patches, d), features of the output, of length 1, picture by picture.
        keys: the same of the input; no gradient flows into them.
        rows: pictures in the batch.
        temperature: τ, what similarities are divided by.
    """
    queries, keys = (features.unflatten(0, (rows, -1)) for features in (queries, keys.detach()))
    similarity = queries @ keys.transpose(1, 2) / temperature
    own_place = torch.arange(similarity.shape[1], device=similarity.device).expand(rows, -1)
    return cross_entropy(similarity.flatten(0, 1), own_place.flatten())
