import pytest
import torch
from torch import nn

from gansmith.networks.orthogonal import orthogonal_weights
from gansmith.networks.spectral import spectral_norm

LAYERS = {
    "wide": lambda: nn.Linear(7, 4),
    "tall": lambda: nn.Linear(3, 9),
    "convolution": lambda: nn.Conv2d(3, 5, 3),
    "embedding": lambda: nn.Embedding(6, 4),
}


@pytest.mark.parametrize("build", LAYERS.values(), ids=LAYERS)
def test_all_singular_values_are_one_and_biases_zero(build):
    layer = build().apply(orthogonal_weights)
    values = torch.linalg.svdvals(layer.weight.flatten(1))
    torch.testing.assert_close(values, torch.ones_like(values))
    bias = getattr(layer, "bias", None)
    assert bias is None or not bias.any()


@pytest.mark.parametrize("build", LAYERS.values(), ids=LAYERS)
def test_spectral_norm_changes_nothing_at_the_start(build):
    layer = spectral_norm(build()).apply(orthogonal_weights)
    torch.testing.assert_close(layer.spectral(layer.weight), layer.weight)
