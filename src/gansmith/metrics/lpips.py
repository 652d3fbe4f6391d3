"""LPIPS: a distance of features whose weights were fitted to what people say (Zhang et al., 2018, arXiv:1801.03924)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path

import torch
import torchmetrics.functional.image
from torch import Tensor, nn

from gansmith.errors import DataError, WeightsError
from gansmith.metrics.perceptual import normalised
from gansmith.metrics.weights import file_digest, read_state_dict, why_no_weights
from gansmith.objectives.feature_kinds import KINDS, Kind
from gansmith.objectives.feature_network import FeatureNetwork
from gansmith.ranges import to_unit_range


@dataclass(frozen=True)
class Backbone:
    """A network of torchvision's, trained on ImageNet.

    Args:
        architecture: its name in torchvision.models.
        file: of its published weights; the name ends in their digest.
        layers: how many of its layers lead to each feature map.
        smallest: side in pixels of the smallest picture that has them all.
    """

    architecture: str
    file: str
    layers: Sequence[int]
    smallest: int


BACKBONES = {
    "alex": Backbone("alexnet", "alexnet-owt-7be5be79.pth", (2, 5, 8, 10, 12), smallest=31),
    "vgg": Backbone("vgg16", "vgg16-397923af.pth", (4, 9, 16, 23, 30), smallest=16),
}
"""Both of the paper's version 0.1; the features are what comes out of a ReLU."""
KEY = "metrics.lpips_weights"
URL = "https://download.pytorch.org/models/"


@dataclass(frozen=True)
class Lpips:
    """What sees pictures, and how much each of its channels counts: (channels,) by layer."""

    features: FeatureNetwork
    weights: Mapping[str, Tensor]
    smallest: int


def lpips(output: Tensor, truth: Tensor, network: Lpips) -> Tensor:
    """Equation 1, float64 (n,) in memory: 0 for equal pictures.

    At every place of every layer the channels are normalised to length one; weighted squared differences are
    summed over channels, averaged over places, and summed over layers. Pictures are looked at whole.

    Args:
        output, truth: (n, 1 or 3, H, W), uint8 or floats in [-1, 1]; grey is repeated to three channels.
        network: of `lpips_network`.

    Raises:
        DataError: pictures that are too small for the network.
    """
    check_depth(output, network.smallest)
    ours, theirs = (network.features(to_unit_range(pictures)) for pictures in (output, truth))
    total = torch.zeros(len(output), dtype=torch.float64)
    for layer, weights in network.weights.items():
        difference = (normalised(ours[layer]) - normalised(theirs[layer])).square()
        total += torch.einsum("nchw,c->nhw", difference, weights).mean((1, 2)).double().cpu()
    return total


def check_depth(pictures: Tensor, smallest: int) -> None:
    """Raises DataError if pictures (n, C, H, W) have a side below `smallest`, so that some layer would be empty."""
    if min(pictures.shape[-2:]) < smallest:
        size = " x ".join(map(str, pictures.shape[-2:]))
        raise DataError(f"data: lpips needs pictures of at least {smallest} pixels a side, not {size}")


def lpips_digest(name: str, weights: str | None) -> str:
    """The first 8 hex digits of the SHA-256 of a backbone's weights. Raises WeightsError."""
    return published_digest(name) if weights is None else file_digest(weights, KEY)


def published_digest(name: str) -> str:
    """The digest of the weights that torchvision has for this backbone, and that LPIPS was made with."""
    return Path(BACKBONES[name].file).stem.rpartition("-")[2]


def lpips_network(name: str, weights: str | None = None, device: torch.device | str = "cpu") -> Lpips:
    """The network, built once a process for each combination of arguments.

    Args:
        name: of BACKBONES.
        weights: a file with the backbone's weights under torchvision's names; None takes torchvision's own, which
            are downloaded. How much each channel counts comes inside torchmetrics.
        device: where it computes.

    Raises:
        WeightsError: weights that can't be had or do not fit.
    """
    return _build_once(name, weights, torch.device(device))


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def _build_once(name: str, weights: str | None, device: torch.device) -> Lpips:
    backbone = BACKBONES[name]
    layers = [f"relu{number}" for number in range(1, len(backbone.layers) + 1)]
    colours = KINDS["vgg19"]  # ImageNet's mean and deviation
    kind = Kind(tuple(layers), partial(stages, backbone), dict, str, colours.mean, colours.std)
    state = published(backbone) if weights is None else read_state_dict(weights, KEY)
    try:
        features = FeatureNetwork(kind, state, device, torch.float32)
    except RuntimeError as error:
        raise WeightsError(f"{KEY}: {weights} does not fit {backbone.architecture}") from error
    return Lpips(features, dict(zip(layers, linear(name, device))), backbone.smallest)


def stages(backbone: Backbone, weights: Mapping[str, Tensor]) -> list[nn.Module]:
    """The modules that lead from each feature map to the next; weights of linear layers are left out.

    Raises RuntimeError for weights that don't fit.
    """
    from torchvision import models

    with torch.device("meta"):
        layers = getattr(models, backbone.architecture)().features
    prefix = "features."
    own = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
    layers.load_state_dict(own, assign=True)
    return [layers[start:end] for start, end in pairwise((0, *backbone.layers))]


def published(backbone: Backbone) -> Mapping[str, Tensor]:
    """torchvision's weights. Raises WeightsError."""
    try:
        return torch.hub.load_state_dict_from_url(
            URL + backbone.file, map_location="cpu", progress=False, check_hash=True, weights_only=True
        )
    except Exception as error:
        reason = why_no_weights(error, backbone.file, KEY, "perceptual needs no download")
        raise WeightsError(f"lpips: {reason}") from error


def linear(name: str, device: torch.device) -> list[Tensor]:
    """How much the channels (c,) of each feature map count: the paper's weights, version 0.1."""
    folder = Path(torchmetrics.functional.image.__file__).parent / "lpips_models"
    weights = read_state_dict(str(folder / f"{name}.pth"), "torchmetrics")
    return [weights[f"lin{layer}.model.1.weight"].flatten().to(device) for layer in range(len(weights))]
