"""Features of single places for a contrastive loss (CUT: Park et al., 2020, arXiv:2007.15651, section 3)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from gansmith.networks.initial import normal_weights
from gansmith.networks.sizes import check_sizes


class PatchSampler(nn.Module):
    """A two-layer perceptron for each feature map, on the places that it is asked for.

    Args:
        widths: channels of each feature map.
        features: size of a place's vector.
    """

    def __init__(self, widths: Sequence[int], features: int = 256) -> None:
        super().__init__()
        check_sizes(features=features)
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(width, features), nn.ReLU(), nn.Linear(features, features)) for width in widths
        )
        self.apply(normal_weights)

    def forward(self, maps: Sequence[Tensor], positions: Sequence[Tensor]) -> list[Tensor]:
        """Vectors of length 1, (n * patches, features) for each map: all places of a picture, then the next one's.

        Args:
            maps: (n, width, h, w) each.
            positions: for each map int64 places in [0, h * w), row by row; (patches,) for all pictures or
                (n, patches) for each its own.
        """
        vectors = []
        for head, features, places in zip(self.heads, maps, positions):
            rows = features.flatten(2).transpose(1, 2)
            chosen = torch.take_along_dim(rows, places.expand(len(rows), -1)[..., None], dim=1)
            vectors.append(normalize(head(chosen.flatten(0, 1)), dim=1))
        return vectors
