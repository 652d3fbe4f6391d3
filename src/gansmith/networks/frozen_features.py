"""What a network that was trained on ImageNet, and stays as it is, makes of pictures."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gansmith.objectives.feature_network import feature_network

NETWORK = "efficientnet_lite0"
LAYERS = {"stage3": 40, "stage5": 112}
"""Layers and their channels, an eighth and a sixteenth of the side."""
SIDE = 64
"""Smaller pictures are enlarged to it: the network has seen none of 32 pixels."""


def frozen_features(image: Tensor) -> dict[str, Tensor]:
    """EfficientNet-Lite0's feature maps, by the names in `LAYERS`; gradients reach the pictures.

    Args:
        image: (n, 1 or 3, S, S) in [-1, 1].
    """
    if image.shape[-1] < SIDE:
        image = interpolate(image, (SIDE, SIDE), mode="bilinear", align_corners=False)
    dtype = torch.promote_types(image.dtype, torch.float32)
    return feature_network(NETWORK, device=image.device, dtype=dtype)(image, LAYERS)
