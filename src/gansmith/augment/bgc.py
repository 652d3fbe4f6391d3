"""The augmentations that ADA chooses among: pixel blitting, geometric transformations, colour.

Karras et al., "Training generative adversarial networks with limited data" (2020, arXiv:2006.06676), appendix B.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gansmith.augment.affine import compose, rotation, scaling, translation, warp
from gansmith.noise import Draws

BITS = math.log(2)
"""Standard deviations of logarithms are given in factors of two."""


def bgc(images: Tensor, p: Tensor, draws: Draws) -> Tensor:
    """Pictures (n, C, H, W) in [-1, 1], each transformation with probability `p` in [0, 1], a scalar.

    Values are interpolated bilinearly, where the paper has wavelets; flips, quarter turns and whole shifts are exact.
    """
    return recolour(warp(images, placements(images, p, draws)), p, draws)


def placements(images: Tensor, p: Tensor, draws: Draws) -> Tensor:
    """Where pictures (n, C, H, W) are taken from, (n, 3, 3): the inverse of appendix B's geometric transformation.

    The inverse of a product is the product of the inverses in the other order, and as each of them is as likely as
    its inverse, they are drawn as inverses.
    """
    rows, _, height, width = images.shape
    # Turned before or after the anisotropic scaling with probability p in all.
    p_turn = 1 - (1 - p).sqrt()
    chances = torch.stack([p, p, p, p, p_turn, p, p_turn, p])
    dice, flat, bell = draws.uniform(rows, 8), draws.uniform(rows, 6).T, draws.normal(rows, 4).T
    flip, quarters, shift, zoom, turn, stretch, turn_again, move = (dice < chances).to(dice).T
    mirror = 1 - 2 * flip * (2 * flat[0]).floor()
    size = zoom * 0.2 * BITS * bell[0]
    aspect = stretch * 0.2 * BITS * bell[1]
    return compose(
        scaling(mirror, torch.ones_like(mirror)),
        # To whole numbers, of which cosines of a float's π / 2 fall short.
        rotation(quarters * (4 * flat[1]).floor() * (math.pi / 2)).round(),
        translation(
            *(shift * (side * 0.125 * (2 * place - 1)).round() for side, place in zip((width, height), flat[2:4]))
        ),
        scaling(size.exp(), size.exp()),
        rotation(turn * math.pi * (2 * flat[4] - 1)),
        scaling(aspect.exp(), (-aspect).exp()),
        rotation(turn_again * math.pi * (2 * flat[5] - 1)),
        translation(move * 0.125 * width * bell[2], move * 0.125 * height * bell[3]),
    )


def recolour(images: Tensor, p: Tensor, draws: Draws) -> Tensor:
    """Brightness and contrast; where there are three channels also luma flip, hue and saturation."""
    rows, channels = images.shape[:2]
    dice, flat, bell = draws.uniform(rows, 5), draws.uniform(rows, 2).T, draws.normal(rows, 3).T
    brighten, contrast, invert, hue, saturate = (dice < p).to(dice).T
    offset, factor = brighten * 0.2 * bell[0], (contrast * 0.5 * BITS * bell[1]).exp()
    images = factor.to(images)[:, None, None, None] * (images + offset.to(images)[:, None, None, None])
    if channels != 3:
        return images
    colours = colour_matrices(
        luma=1 - 2 * invert * (2 * flat[0]).floor(),
        hue=hue * math.pi * (2 * flat[1] - 1),
        saturation=(saturate * BITS * bell[2]).exp(),
    ).to(images)
    return (colours[:, :, :, None, None] * images[:, None]).sum(2)


def colour_matrices(luma: Tensor, hue: Tensor, saturation: Tensor) -> Tensor:
    """Linear maps of RGB (n, 3, 3): factors of the luma and of what is not luma, which is turned about the luma.

    The luma axis is v = (1, 1, 1) / √3. Reflection, rotation (Rodrigues) and saturation act on the projection on v
    and on the plane across it, so that their order does not matter.

    Args:
        luma, saturation: factors (n,).
        hue: angles in radians (n,).
    """
    axes = torch.eye(3, dtype=luma.dtype, device=luma.device)
    along = torch.full_like(axes, 1 / 3)
    plane, turned = axes - along, (axes.roll(1, 0) - axes.roll(1, 1)) / math.sqrt(3)
    luma, hue, saturation = (value[:, None, None] for value in (luma, hue, saturation))
    return luma * along + saturation * (hue.cos() * plane + hue.sin() * turned)
