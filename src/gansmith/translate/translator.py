"""From a part of a picture to that part of the result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.modules.instancenorm import _InstanceNorm

from gansmith.data.degrade.lab import luma
from gansmith.data.tasks.task import Task
from gansmith.errors import ConfigError
from gansmith.experiment import switch_networks
from gansmith.models.translation import Translation
from gansmith.ranges import to_unit_range
from gansmith.translate.ensemble import self_ensemble

TILE, LARGE_TILE = 256, 1024
MANY = 16  # a multiple beyond which a network's innermost features each see most of a tile


@dataclass(frozen=True)
class Window:
    """Part of a picture, as bytes.

    pixels: uint8 (h, w, 1 or 3).
    hole: bool (h, w), True where the picture is missing; only for tasks that know holes.
    """

    pixels: np.ndarray
    hole: np.ndarray | None = None


class Translator:
    """A model with its task, in one direction; can be sent to other processes.

    Args:
        model: in whatever mode; its sampling networks translate.
        task: makes sources of pictures, and pictures of outputs.
        direction: one of the model's.
        seed: for models whose output is random.
        ensemble: average over flips and transposes (see `self_ensemble`).

    Raises:
        ConfigError: the task has no use for the ensemble.
    """

    def __init__(
        self, model: Translation, task: Task, direction: str = "forward", seed: int = 0, ensemble: bool = False
    ) -> None:
        self.model, self.task, self.direction, self.seed, self.ensemble = model, task, direction, seed, ensemble
        if ensemble and not self.restores:
            raise ConfigError("ensemble=true is for tasks that restore a picture, whichever way up it is")
        network = model.translator(direction)
        self.multiple, self.scale = int(network.multiple), int(network.scale)  # type: ignore[arg-type]

    @property
    def restores(self) -> bool:
        """Whether the result shows what the input shows, rather than another kind of picture."""
        return self.task.needs == ("image",) or self.task.scale > 1

    @property
    def usual_tile(self) -> int:
        """Pixels that the network takes at a time if nobody says otherwise: many where its outputs depend on all."""
        network = self.model.translator(self.direction)
        sees_all = any(isinstance(module, _InstanceNorm) for module in network.modules()) or self.multiple > MANY
        return LARGE_TILE if sees_all else TILE

    def to(self, device: torch.device) -> Translator:
        """The same, its model moved and in the memory format that is fastest there."""
        switch_networks(self.model.to(device), device, compile=False, channels_last="auto")
        return self

    @torch.inference_mode()
    def __call__(self, window: Window) -> np.ndarray:
        """The result (1 or 3, scale * h, scale * w) as float32 in [-1, 1].

        Raises:
            ConfigError: the device's memory does not hold what the network needs.
        """
        device = self.model.device
        picture = to_unit_range(torch.from_numpy(window.pixels).to(device).permute(2, 0, 1)[None])
        hole = picture.new_zeros(1, 1, *picture.shape[-2:])
        if window.hole is not None:
            hole = torch.from_numpy(window.hole).to(hole)[None, None]
        found = picture.shape[1]
        picture = _with_channels(picture, self._taken(found))
        source = self.task.prepare(picture, hole)
        try:
            output = self._translate(source)
        except torch.OutOfMemoryError as error:
            raise ConfigError(f"{device} has no memory for this; a smaller tile needs less") from error
        result = self.task.render(source, output).float().clamp(-1, 1)
        if self.restores and found < picture.shape[1]:
            result = luma(result)
        return result[0].cpu().numpy()

    def _translate(self, source: Tensor) -> Tensor:
        def translate(turned: Tensor) -> Tensor:
            return self.model.translate(turned, self.direction, self.seed)

        return self_ensemble(translate, source) if self.ensemble else translate(source)

    def _taken(self, found: int) -> int:
        """The channels of a picture that the task makes a source of: those found, or else the other number."""
        for channels in (found, 4 - found):
            pixel = torch.zeros(1, channels, 1, 1)
            if self.task.prepare(pixel, torch.zeros(1, 1, 1, 1)).shape[1] == self.task.source_channels:
                return channels
        raise ConfigError(
            f"sources of {self.task.source_channels} channels are made of neither grey nor colour pictures"
        )


def _with_channels(pictures: Tensor, channels: int) -> Tensor:
    if pictures.shape[1] == channels:
        return pictures
    return luma(pictures) if channels == 1 else pictures.expand(-1, channels, -1, -1)
