"""Distance of two pictures as a network trained on ImageNet sees them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from gansmith.errors import ConfigError
from gansmith.objectives.feature_network import FeatureNetwork, feature_network, layers_of


class PerceptualLoss:
    """Weighted sum over layers of the mean absolute difference of features.

    Johnson et al., 2016, arXiv:1603.08155, section 3.2, with L1 as in Wang et al., 2018, arXiv:1809.00219. The
    network is looked up at each call and belongs to the process, so a model that has this loss carries none of its
    weights. It computes in float32, or in float64 for pictures in float64.

    Args:
        network: `efficientnet_lite0` or `vgg19`.
        layers: weights by names of layers, see `feature_network.layers_of`.
        weights: a file with the network's state dict; None takes the published weights.

    Raises:
        ConfigError: an unknown network or layer, a negative weight, or no layer at all.
    """

    def __init__(self, network: str, layers: Mapping[str, float], weights: str | None = None) -> None:
        known = layers_of(network)
        for layer, weight in layers.items():
            if layer not in known:
                raise ConfigError(f"model.perceptual.layers: {network} has no {layer}; it has {', '.join(known)}")
            if weight < 0:
                raise ConfigError(f"model.perceptual.layers.{layer} is {weight}; it can't be negative")
        self.network, self.weights = network, weights
        # A weight of zero is how an override takes a layer out.
        self.layers = {layer: weight for layer, weight in layers.items() if weight}
        if not self.layers:
            raise ConfigError("model.perceptual.layers names none; model/perceptual=none goes without")

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        """A scalar for pictures (n, 1 or 3, H, W) in [-1, 1]; gradients reach `output` alone.

        Raises:
            WeightsError: the network's weights can't be had.
        """
        network = self.on(output.device, torch.promote_types(output.dtype, torch.float32))
        with torch.no_grad():
            wanted = network(target, self.layers)
        features = network(output, self.layers)
        terms = [weight * l1_loss(features[layer], wanted[layer]) for layer, weight in self.layers.items()]
        return torch.stack(terms).sum()

    def on(self, device: torch.device, dtype: torch.dtype = torch.float32) -> FeatureNetwork:
        """The network on `device`. Raises WeightsError if its weights can't be had."""
        return feature_network(self.network, self.weights, device, dtype)

    def __str__(self) -> str:
        """Network and weighted layers, as a record names them: `vgg19: conv5_4 x 1`."""
        return f"{self.network}: {', '.join(f'{layer} x {weight:g}' for layer, weight in self.layers.items())}"
