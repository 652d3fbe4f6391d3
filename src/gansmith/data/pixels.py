"""Pictures of another size or number of channels.

The filter that made a set smaller is part of every number that is computed on it: box and Lanczos downscaling
of the same pictures are one unit of FID apart. So resizing happens here alone, with Pillow's filters, which
widen with the scale (antialiasing).
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from gansmith.errors import ConfigError

FILTERS = {resampling.name.lower(): resampling for resampling in Image.Resampling}


def resampling(name: str) -> Image.Resampling:
    """Pillow's filter of that name. Raises ConfigError for an unknown one."""
    if name not in FILTERS:
        raise ConfigError(f"data.source.filter={name} is unknown; take one of {', '.join(sorted(FILTERS))}")
    return FILTERS[name]


def fit(image: Image.Image, resolution: int, filter: Image.Resampling) -> Image.Image:
    """Resize so that the short side becomes `resolution`, and crop the centre square, in one pass.

    `box` names the part that is kept; the filter still reads the pixels beside it, as if the whole picture
    had been resized and then cropped.
    """
    side = min(image.size)
    left, top = ((length - side) / 2 for length in image.size)
    if image.size == (resolution, resolution):
        return image
    return image.resize((resolution, resolution), filter, box=(left, top, left + side, top + side))


def to_array(image: Image.Image) -> np.ndarray:
    """A picture of mode L, LA, RGB or RGBA as uint8 (C, H, W)."""
    array = np.asarray(image)
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)


def to_image(picture: Tensor, channels: int) -> Image.Image:
    """A picture uint8 (1 or 3, H, W) in mode L (`channels` = 1) or RGB (3)."""
    array = picture.permute(1, 2, 0).squeeze(-1).contiguous().numpy()
    return Image.fromarray(array).convert("L" if channels == 1 else "RGB")


def to_tensor(image: Image.Image) -> Tensor:
    """A picture of mode L or RGB as uint8 (C, H, W) in memory of its own."""
    return torch.from_numpy(to_array(image).copy())


def recolour(picture: Tensor, channels: int) -> Tensor:
    """A picture uint8 (1 or 3, H, W) with that many channels: luma as ITU-R 601; grey is repeated."""
    return picture if len(picture) == channels else to_tensor(to_image(picture, channels))


def stretch(picture: Tensor, height: int, width: int) -> Tensor:
    """A picture uint8 (C, H, W) as (C, height, width), bicubically, whatever that does to its proportions."""
    if picture.shape[1:] == (height, width):
        return picture
    return to_tensor(to_image(picture, len(picture)).resize((width, height), Image.Resampling.BICUBIC))


def refit(images: Tensor, resolution: int, channels: int, filter: str, margin: int = 0) -> Tensor:
    """Bring square pictures to another size and number of channels (luma as ITU-R 601; grey is repeated).

    images: uint8 (N, 1 or 3, S, S).
    margin: black pixels put on each side first (28 + 2 + 2 = 32), unless they are wanted as they are.
    Returns uint8 (N, channels, resolution, resolution). Raises ConfigError for other channels than 1 and 3.
    """
    if channels not in (1, 3):
        raise ConfigError(f"data.channels={channels}: these pictures can be had in 1 (grey) or 3 (RGB)")
    kernel = resampling(filter)
    if images.shape[-1] != resolution and margin:
        images = functional.pad(images, (margin, margin, margin, margin))
    if images.shape[1:] == (channels, resolution, resolution):
        return images.contiguous()
    if images.shape[1] == 1 and channels == 3:
        return refit(images, resolution, 1, filter).expand(-1, 3, -1, -1).contiguous()
    fitted = torch.empty((len(images), channels, resolution, resolution), dtype=torch.uint8)
    for target, picture in zip(fitted, images, strict=True):
        target.copy_(to_tensor(fit(to_image(picture, channels), resolution, kernel)))
    return fitted
