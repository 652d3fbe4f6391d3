"""The simplest classical ways to restore a picture: what a trained model has to beat.

Each takes a task's source (n, c, h, w) and gives pictures (n, 1 or 3, h, w), all in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from gansmith.data.degrade.lab import lab_to_rgb, luma, rgb_to_lab
from gansmith.data.tasks.inpaint import split_hole
from gansmith.errors import ConfigError
from gansmith.ranges import to_uint8, to_unit_range


def mean_chroma(pictures: Iterable[Tensor]) -> Tensor:
    """The mean a and b (2,) of all pixels of RGB pictures (n, 3, h, w) in [-1, 1], of any sizes."""
    total, pixels = torch.zeros(2, dtype=torch.float64), 0
    for batch in pictures:
        chroma = rgb_to_lab(batch)[:, 1:]
        total += chroma.double().sum((0, 2, 3)).cpu()
        pixels += chroma[:, 0].numel()
    return (total / pixels).float()


def mean_colour(source: Tensor, chroma: Tensor) -> Tensor:
    """Colourisation with one colour: the lightness of the source, and `chroma` (2,) of Lab everywhere."""
    constant = chroma.to(source).view(1, 2, 1, 1).expand(len(source), -1, *source.shape[-2:])
    return lab_to_rgb(torch.cat([50 * (source + 1), constant], 1))


def mean_fill(source: Tensor) -> Tensor:
    """Inpainting with one colour: the mean of the known pixels, each picture and channel for itself."""
    picture, hole = split_hole(source)
    known = (~hole).to(picture)
    mean = (picture * known).sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True).clamp(min=1)
    return torch.where(hole, mean, picture)


def telea(source: Tensor, radius: float = 3.0) -> Tensor:
    """Inpainting by fast marching (Telea, 2004), as OpenCV has it; `radius` of the neighbourhood in pixels.

    Raises ConfigError where OpenCV is not installed.
    """
    try:
        import cv2
    except ImportError as error:
        raise ConfigError("the baseline telea needs OpenCV: pip install opencv-python-headless") from error
    pictures, holes = split_hole(source)
    filled = []
    for picture, hole in zip(to_uint8(pictures).cpu(), holes.cpu()):
        pixels = np.ascontiguousarray(picture.permute(1, 2, 0).numpy())
        result = cv2.inpaint(pixels, hole[0].numpy().astype(np.uint8), radius, cv2.INPAINT_TELEA)
        filled.append(torch.from_numpy(result.reshape(pixels.shape)).permute(2, 0, 1))
    return torch.where(holes, to_unit_range(torch.stack(filled)).to(pictures), pictures)


def grey_world(source: Tensor) -> Tensor:
    """White balance: channels are scaled until their means are equal (Buchsbaum, 1980), each picture for itself."""
    values = source.add(1).div(2)
    means = values.mean((2, 3), keepdim=True)
    gains = means.mean(1, keepdim=True) / means.clamp(min=1e-6)
    return values.mul(gains).clamp(0, 1).mul(2).sub(1)


def histogram_equalisation(source: Tensor) -> Tensor:
    """The luma of each picture spread evenly over the 256 values; its differences to the channels are kept."""
    grey = luma(source)
    shades = to_uint8(grey).flatten(1).long()
    counts = torch.zeros(len(source), 256, device=source.device).scatter_add_(
        1, shades, torch.ones_like(shades).float()
    )
    below = counts.cumsum(1)
    darkest = torch.where(counts > 0, below, torch.inf).amin(1, keepdim=True)
    table = (below - darkest).clamp(min=0) / (below[:, -1:] - darkest).clamp(min=1)
    # A picture of one shade stays as it is.
    is_flat = below[:, -1:] == darkest
    equal = torch.where(is_flat, grey.flatten(1), table.gather(1, shades).mul(2).sub(1).to(grey)).view_as(grey)
    return (source + equal - grey).clamp(-1, 1)


def median_filter(source: Tensor, size: int = 5) -> Tensor:
    """The median of the `size` x `size` (odd) pixels around each, channel by channel; the border goes on outside."""
    radius = size // 2
    framed = pad(source, (radius,) * 4, mode="replicate")
    return torch.stack([_windows(picture, size).median(-1).values for picture in framed])


def _windows(picture: Tensor, size: int) -> Tensor:
    return picture.unfold(1, size, 1).unfold(2, size, 1).flatten(-2)
