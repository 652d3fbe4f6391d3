"""Networks trained on ImageNet as functions from pictures to feature maps.

They belong to nobody: one a process and device, frozen, part of no module and so of no checkpoint.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from gansmith.errors import ConfigError, WeightsError
from gansmith.objectives.feature_kinds import KINDS, Kind, Weights


class FeatureNetwork:
    """Feature maps of pictures at their own resolution; gradients reach the pictures and nothing else.

    Args:
        kind: which network.
        weights: its state dict.
        device: where it computes.
        dtype: in which it computes, whatever autocast says around it.
    """

    def __init__(self, kind: Kind, weights: Weights, device: torch.device, dtype: torch.dtype) -> None:
        self.layers, self.device, self.dtype = kind.layers, device, dtype
        self.modules = [
            # Two thirds of the time of the contiguous layout on a CPU.
            module.to(device, dtype).to(memory_format=torch.channels_last).eval().requires_grad_(False)
            for module in kind.build(weights)
        ]
        self.mean = torch.tensor(kind.mean, device=device, dtype=dtype).view(3, 1, 1)
        self.std = torch.tensor(kind.std, device=device, dtype=dtype).view(3, 1, 1)

    def __call__(self, pictures: Tensor, layers: Collection[str] | None = None) -> dict[str, Tensor]:
        """Feature maps (n, c, h, w) of `layers`, or of all; computes no deeper than that.

        Args:
            pictures: (n, 1 or 3, H, W) in [-1, 1]; grey is repeated to three channels.
            layers: names among `self.layers`.
        """
        wanted = set(self.layers if layers is None else layers)
        found: dict[str, Tensor] = {}
        with torch.autocast(self.device.type, enabled=False):
            features = (pictures.to(self.dtype).expand(-1, 3, -1, -1) - self.mean) / self.std
            features = features.contiguous(memory_format=torch.channels_last)
            for layer, module in zip(self.layers, self.modules):
                if len(found) == len(wanted):
                    break
                features = module(features)
                if layer in wanted:
                    found[layer] = features
        return found


def feature_network(
    name: str,
    weights: str | None = None,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> FeatureNetwork:
    """The network, built once a process for each combination of arguments.

    Args:
        name: `efficientnet_lite0` or `vgg19`.
        weights: a file with its state dict; None takes the published weights.
        device: where it computes.
        dtype: in which it computes.

    Raises:
        ConfigError: an unknown name.
        WeightsError: weights that can't be had or do not fit.
    """
    return _build_once(name, weights, torch.device(device), dtype)


def layers_of(name: str) -> tuple[str, ...]:
    """The layers of the network `name`, in their order; reads no weights. Raises ConfigError for an unknown name."""
    if name not in KINDS:
        raise ConfigError(f"{name} is no feature network; known are {', '.join(KINDS)}")
    return KINDS[name].layers


@lru_cache(maxsize=4)
@torch.inference_mode(False)  # what an evaluation built first must let gradients through
def _build_once(name: str, weights: str | None, device: torch.device, dtype: torch.dtype) -> FeatureNetwork:
    layers_of(name)
    state = _published(name) if weights is None else _from_file(name, weights)
    try:
        return FeatureNetwork(KINDS[name], state, device, dtype)
    except RuntimeError as error:
        raise WeightsError(f"{name}: {weights} does not fit: its layers have other names or shapes") from error


def _published(name: str) -> Weights:
    kind = KINDS[name]
    try:
        return kind.published()
    except Exception as error:
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(f"{name}: no weights ({cause}); {kind.way_out()}") from error


def _from_file(name: str, path: str) -> Weights:
    if not Path(path).is_file():
        raise WeightsError(f"{name}: there is no file of weights {path}")
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise WeightsError(f"{name}: {path} is not a file of weights saved by torch.save") from error
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise WeightsError(f"{name}: {path} is not a state dict (a dictionary of tensors)")
    return weights
