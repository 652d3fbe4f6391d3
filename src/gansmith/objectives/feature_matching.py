"""What a discriminator sees in pictures, as a distance between them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

Layers = Sequence[Tensor]


def feature_matching(fake: Sequence[Layers], real: Sequence[Layers]) -> Tensor:
    """Mean absolute difference of the features of each hidden layer, summed over layers and discriminators.

    Wang et al., 2018, arXiv:1711.11585, equation 4 and the second sum of equation 5. The last layer of each
    discriminator holds its logits, which the adversarial loss is about, and is left out.

    Args:
        fake: for each discriminator the outputs of its layers for generated pictures, in their order.
        real: the same for the pictures they should be; no gradient flows into it.
    """
    distances = [
        l1_loss(of_fake, of_real.detach())
        for fake_layers, real_layers in zip(fake, real)
        for of_fake, of_real in zip(fake_layers[:-1], real_layers[:-1])
    ]
    return torch.stack(distances).sum()
