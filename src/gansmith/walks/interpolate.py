"""mode=interpolate: from sample to sample, and back to the first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from omegaconf import DictConfig
from torch import Tensor

from gansmith.errors import ConfigError
from gansmith.inference.counts import check_counts
from gansmith.models.latents import lerp, slerp
from gansmith.training.pictures import save_picture
from gansmith.training.samples import image_grid
from gansmith.walks.animation import check_format, save_animation
from gansmith.walks.settings import chosen_space
from gansmith.walks.walker import Walker

Between = Callable[[Tensor, Tensor, Tensor], Tensor]

PATHS: dict[str, Between] = {"spherical": slerp, "linear": lerp}


def interpolate(walker: Walker, config: DictConfig, out: Path) -> list[Path]:
    """`interpolation.gif`, in which `n` samples change, and `interpolation.png`, a row a sample, evenly spaced.

    Sample i starts as it is, and passes through the codes of the samples i + n, i + 2 n, ... of `points` in all;
    its class and its noise stay.

    Raises:
        ConfigError: a count, path, space or format that does not work.
    """
    check_counts(config, points=2, frames=1)
    check_format(config.format, config.fps)
    space = chosen_space(config.space, walker.model.spaces, walker.model.name)
    name = config.path or ("spherical" if space == "z" else "linear")
    if name not in PATHS:
        raise ConfigError(f"path={name} is unknown; known are {', '.join(PATHS)}")
    rows = torch.arange(config.n)
    points = [walker.code(rows + config.n * point, space, rows) for point in range(config.points)]
    path = closed_path(torch.stack(points).cpu().double(), config.frames, PATHS[name])
    pictures = walker.show(path.flatten(0, 1), rows.repeat(len(path)), space, "interpolating")
    frames = pictures.unflatten(0, (len(path), config.n))
    moving, strip = out / f"interpolation.{config.format}", out / "interpolation.png"
    save_animation((image_grid(frame, config.columns) for frame in frames), moving, config.fps)
    columns = min(config.columns, len(frames))
    shown = frames[[place * len(frames) // columns for place in range(columns)]]
    save_picture(image_grid(shown.transpose(0, 1).flatten(0, 1), columns), strip)
    return [moving, strip]


def closed_path(points: Tensor, frames: int, between: Between) -> Tensor:
    """From each of the points (k, n, d) to the next one, from the last to the first: (k * frames, n, d).

    Args:
        points: k codes for each of n paths.
        frames: places from one point to the next, of which the first is the point itself.
        between: (start (n, d), end (n, d), share (1, 1)) to the place between them.
    """
    shares = torch.arange(frames, dtype=points.dtype)[:, None, None] / frames
    pairs = zip(points, points.roll(-1, 0))
    return torch.stack([between(start, end, share) for start, end in pairs for share in shares])
