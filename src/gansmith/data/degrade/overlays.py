"""Watermarks: lines of text and logos laid over pictures, half transparent."""

from __future__ import annotations

import random
import string
from functools import cache
from math import floor, log2, pi

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample

from gansmith.data.degrade.chance import between, happens, one_of
from gansmith.noise import Draws

MARKS = 96
MARK_HEIGHT, MARK_WIDTH = 128, 384
LEVELS = 7
GAP = 0.5  # between the marks of a tiling, in heights of a mark's frame
TILE = 0.5  # size of a tiling's marks by that of a single mark
MIDDLE = 0.7  # share of the picture's sides within which the middle of a single mark lies


def lay_over(
    images: Tensor,
    draws: Draws,
    opacity: tuple[float, float],
    size: tuple[float, float],
    rotation: float,
    tiled: float,
) -> Tensor:
    """Pictures (n, C, h, w) under a watermark each: white, black or coloured, single or tiled.

    Args:
        images: in [-1, 1].
        draws: random numbers for these rows.
        opacity: least and most of the mark, in [0, 1].
        size: least and most width of a full line of text, by the picture's shorter side.
        rotation: most, either way, in degrees.
        tiled: share of the pictures that marks cover from edge to edge; these are half as large.
    """
    rows, channels, height, width = images.shape
    side = min(height, width)
    which = between(draws, rows, 0, MARKS).long()
    tiles = happens(draws, rows, tiled)
    across = side * between(draws, rows, *size) * torch.where(tiles, TILE, 1.0)
    places = _in_marks_frame(
        height,
        width,
        middle=0.5 + MIDDLE * (draws.uniform(rows, 2) - 0.5),
        angle=between(draws, rows, -rotation, rotation).mul(pi / 180),
        across=across,
    )
    places = torch.where(tiles[:, None, None, None], _wrapped(places), places)
    alpha = _sampled(which, places, MARK_WIDTH / across, _detail(size, side))
    opacities = between(draws, rows, *opacity)[:, None, None, None]
    return torch.lerp(images, _inks(draws, rows, channels), alpha * opacities)


def _inks(draws: Draws, rows: int, channels: int) -> Tensor:
    """Colours (rows, channels, 1, 1) in [-1, 1]: a third white, a third black, the others any."""
    kind = one_of(draws, rows, (1 / 3, 1 / 3, 1 / 3))[:, None]
    colour = 2 * draws.uniform(rows, channels) - 1
    return torch.where(kind == 0, 1.0, torch.where(kind == 1, -1.0, colour))[:, :, None, None]


def _in_marks_frame(height: int, width: int, middle: Tensor, angle: Tensor, across: Tensor) -> Tensor:
    """Every pixel's place (n, height, width, 2) relative to a mark, in widths of its frame from its middle.

    Args:
        height, width: of the picture.
        middle: (n, 2) x and y of the mark, in [0, 1] from the left and upper edge.
        angle: (n,) clockwise, in radians.
        across: (n,) width of the frame in pixels.
    """
    pixels = [torch.arange(side, dtype=middle.dtype, device=middle.device) + 0.5 for side in (width, height)]
    x = (pixels[0] - middle[:, :1] * width)[:, None, :]
    y = (pixels[1] - middle[:, 1:] * height)[:, :, None]
    cos, sin = (angle.cos() / across)[:, None, None], (angle.sin() / across)[:, None, None]
    return torch.stack([cos * x + sin * y, cos * y - sin * x], -1)


def _wrapped(places: Tensor) -> Tensor:
    """Places in the nearest mark of a tiling whose every other row is shifted by half a mark."""
    frame = MARK_HEIGHT / MARK_WIDTH
    wide, high = 1 + GAP * frame, (1 + GAP) * frame
    u, v = places.unbind(-1)
    row = torch.floor(v / high + 0.5)
    u = u + wide / 2 * row
    return torch.stack([u - wide * torch.floor(u / wide + 0.5), v - high * row], -1)


def _detail(size: tuple[float, float], side: int) -> range:
    """The levels of the atlas that marks of these sizes can need in pictures of this shorter side."""
    finest = floor(log2(MARK_WIDTH / (size[1] * side)))
    coarsest = floor(log2(MARK_WIDTH / (size[0] * TILE * side))) + 1
    return range(min(max(finest, 0), LEVELS - 1), min(max(coarsest, 0), LEVELS - 1) + 1)


def _sampled(which: Tensor, places: Tensor, texels: Tensor, levels: range) -> Tensor:
    """Alpha (n, 1, h, w) of the marks at `places`, between the two nearest levels of detail (Williams, 1983).

    Args:
        which: (n,) numbers of marks.
        places: (n, h, w, 2) from `_in_marks_frame`.
        texels: (n,) of the finest level by pixel.
        levels: those that can be nearest.
    """
    marks = atlas(which.device, places.dtype)
    grid = places * places.new_tensor([2.0, 2.0 * MARK_WIDTH / MARK_HEIGHT])
    wanted = texels.log2().clamp(levels[0], levels[-1])[:, None, None, None]
    alpha = torch.zeros_like(places[..., 0])[:, None]
    for level in levels:
        share = (1 - (wanted - level).abs()).clamp(min=0)
        alpha += share * grid_sample(marks[level][which], grid, padding_mode="zeros", align_corners=False)
    return alpha


@cache
def atlas(device: torch.device, dtype: torch.dtype) -> list[Tensor]:
    """Marks (MARKS, 1, MARK_HEIGHT, MARK_WIDTH) in [0, 1], and the same halved again and again; always the same ones.

    A third each are text, logos, and logos beside text.
    """
    chance = random.Random(0)
    drawn = np.stack([np.asarray(_mark(chance, number % 3)) for number in range(MARKS)])
    levels = [torch.from_numpy(drawn).to(device, dtype).div(255)[:, None]]
    for _ in range(1, LEVELS):
        levels.append(avg_pool2d(levels[-1], 2))
    return levels


def _mark(chance: random.Random, kind: int) -> Image.Image:
    """A mark in a frame of MARK_WIDTH x MARK_HEIGHT, as 8-bit alpha."""
    frame = Image.new("L", (MARK_WIDTH, MARK_HEIGHT))
    left = 0
    if kind != 0:
        left = MARK_HEIGHT if kind == 2 else MARK_WIDTH // 2 + MARK_HEIGHT // 2
        frame.paste(_logo(chance), (left - MARK_HEIGHT, 0))
    if kind != 1:
        text = _text(chance, MARK_WIDTH - left - 16, MARK_HEIGHT - 16)
        frame.paste(text, (left + (MARK_WIDTH - left - text.width) // 2, (MARK_HEIGHT - text.height) // 2))
    return frame


def _text(chance: random.Random, width: int, height: int) -> Image.Image:
    """A random line of text, as large as fits; every third one is an outline."""
    letters = chance.choice([string.ascii_uppercase, string.ascii_lowercase, string.ascii_letters + string.digits])
    words = ["".join(chance.choices(letters, k=chance.randint(2, 7))) for _ in range(chance.randint(1, 2))]
    line, outlined = " ".join(words), chance.random() < 1 / 3
    font = ImageFont.load_default(128)
    stroke = 5 if outlined else 0
    left, top, right, bottom = font.getbbox(line, stroke_width=stroke)
    whole = Image.new("L", (int(right - left), int(bottom - top)))
    fill = 0 if outlined else 255
    ImageDraw.Draw(whole).text((-left, -top), line, fill, font, stroke_width=stroke, stroke_fill=255)
    shrink = min(width / whole.width, height / whole.height)
    return whole.resize(
        (max(1, int(whole.width * shrink)), max(1, int(whole.height * shrink))), Image.Resampling.LANCZOS
    )


def _logo(chance: random.Random) -> Image.Image:
    """A filled polygon or disc, or its ring, with a letter in its middle; MARK_HEIGHT both ways."""
    big = 4 * MARK_HEIGHT
    logo = Image.new("L", (big, big))
    pen, middle, radius = ImageDraw.Draw(logo), (big // 2, big // 2), big // 2 - 32
    corners, turn, is_ring = chance.choice([3, 4, 5, 6, 60]), chance.choice([0, 30, 45]), chance.random() < 0.5
    pen.regular_polygon((*middle, radius), corners, turn, fill=255)
    if is_ring:
        pen.regular_polygon((*middle, int(0.82 * radius)), corners, turn, fill=0)
    font = ImageFont.load_default(radius * (0.7 if corners == 3 else 1.0))
    pen.text(middle, chance.choice(string.ascii_uppercase + "&@"), 255 if is_ring else 0, font, anchor="mm")
    return logo.resize((MARK_HEIGHT, MARK_HEIGHT), Image.Resampling.LANCZOS)
