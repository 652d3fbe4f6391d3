"""Settings that change with the images seen: a function of these alone, so a run that goes on finds its place."""

from __future__ import annotations

from dataclasses import dataclass

from gansmith.errors import ConfigError
from gansmith.training.schedules import SHAPES


@dataclass(frozen=True)
class Ramp:
    """The way of a setting from one value to another, at which it stays (Huang et al., 2024, arXiv:2501.05441).

    Args:
        start: value before the first image, not negative.
        end: value from `images` on, not negative.
        images: length of the way.
        shape: `cosine` (half a wave) or `linear`.

    Raises:
        ConfigError: an unknown shape, a negative value, or a way without length.
    """

    start: float
    end: float
    images: float
    shape: str = "cosine"

    def __post_init__(self) -> None:
        if self.shape not in ("cosine", "linear"):
            raise ConfigError(f"Ramp: shape is {self.shape!r}; it can be cosine or linear")
        if self.start < 0 or self.end < 0:
            raise ConfigError(f"Ramp: from {self.start} to {self.end}; neither can be negative")
        if self.images <= 0:
            raise ConfigError(f"Ramp: images is {self.images}; it counts images, above 0")

    def value(self, images_seen: float) -> float:
        """The value after `images_seen` images."""
        left = SHAPES[self.shape](min(images_seen / self.images, 1.0))
        return self.end + (self.start - self.end) * left


def value_at(setting: float | Ramp, images_seen: float) -> float:
    """A setting's value after `images_seen` images; a number stays what it is."""
    return setting.value(images_seen) if isinstance(setting, Ramp) else setting
