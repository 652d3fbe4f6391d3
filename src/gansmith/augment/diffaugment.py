"""Differentiable augmentation of fixed strength (Zhao et al., 2020, arXiv:2006.10738)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gansmith.augment.augment import Augment
from gansmith.errors import ConfigError
from gansmith.noise import Draws


class DiffAugment(Augment):
    """Real and generated pictures alike are recoloured, shifted and partly masked, with the paper's ranges (section 4).

    Args:
        policy: what is done, in this order: color, translation, cutout.

    Raises:
        ConfigError: another word in the policy.
    """

    def __init__(self, policy: Sequence[str] = ("color", "translation", "cutout")) -> None:
        super().__init__()
        for word in policy:
            if word not in OPERATIONS:
                raise ConfigError(f"model.augment.policy has {word}; it can have {', '.join(OPERATIONS)}")
        self.policy = tuple(policy)

    def forward(self, images: Tensor, draws: Draws) -> Tensor:
        for word in self.policy:
            images = OPERATIONS[word](images, draws)
        return images


def color(images: Tensor, draws: Draws) -> Tensor:
    """Brightness within ±0.5 in [-1, 1], saturation within [0, 2] where there is colour, contrast within [0.5, 1.5]."""
    amounts = draws.uniform(len(images), 3).to(images)[:, :, None, None, None]
    brightness, saturation, contrast = amounts[:, 0] - 0.5, 2 * amounts[:, 1], amounts[:, 2] + 0.5
    images = images + brightness
    if images.shape[1] == 3:
        images = torch.lerp(images.mean(1, keepdim=True), images, saturation)
    return torch.lerp(images.mean((1, 2, 3), keepdim=True), images, contrast)


def translation(images: Tensor, draws: Draws) -> Tensor:
    """Shifted by whole pixels, up to an eighth of the side either way; zeros come in."""
    rows, channels, height, width = images.shape
    down, across = draws.uniform(rows, 2).T
    row, row_inside = _shifted(down, height)
    column, column_inside = _shifted(across, width)
    places = (row[:, :, None] * width + column[:, None, :]).flatten(1)
    moved = images.flatten(2).gather(2, places[:, None].expand(-1, channels, -1)).view_as(images)
    return moved * (row_inside[:, :, None] & column_inside[:, None, :])[:, None]


def cutout(images: Tensor, draws: Draws) -> Tensor:
    """A square of half the side around a random place is zero; what lies outside of the picture is lost."""
    rows, _, height, width = images.shape
    centres = draws.uniform(rows, 2).T
    masked = [
        (torch.arange(side, device=images.device) + 0.5 - centre[:, None] * side).abs() < side / 4
        for side, centre in zip((height, width), centres)
    ]
    return images * ~(masked[0][:, None, :, None] & masked[1][:, None, None, :])


def _shifted(shift: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Where each of `side` pixels comes from, int64 (n, side), and whether that is inside; `shift` in [0, 1)."""
    most = side // 8
    pixels = (shift * (2 * most + 1)).long() - most
    places = torch.arange(side, device=shift.device) - pixels[:, None]
    return places.clamp(0, side - 1), (places >= 0) & (places < side)


OPERATIONS = {"color": color, "translation": translation, "cutout": cutout}
