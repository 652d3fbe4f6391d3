"""How true the last stage of a cascade is to small pictures that it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from gansmith.data.imageset import ImageSet
from gansmith.diffusion.enlarging import enlarged, reduced
from gansmith.metrics.features import of_samples
from gansmith.metrics.psnr import psnr
from gansmith.networks.modes import evaluating
from gansmith.ranges import to_uint8, to_unit_range


def enlarging_psnr(
    model: Any,
    pictures: ImageSet,
    places: Tensor,
    captions: Sequence[str],
    seed: int,
    device: torch.device,
    batch_size: int,
    tick: Callable[[int], None] = lambda done: None,
) -> tuple[float, float]:
    """Mean PSNR in decibels of real pictures made small and enlarged again: by the model, and bicubic.

    Collective: the ranks share the work, and every rank gets the numbers.

    Args:
        model: `enlarge` makes pictures of `resolutions[-1]` from those of `resolutions[-2]`.
        pictures: real ones, of which those at `places` (n,) are taken.
        captions: n, one for each.
        seed: of the model's random numbers.
        device: that ranks talk through.
        batch_size: pictures that a rank makes at a time.
        tick: called with the number of pictures made so far.
    """

    @torch.inference_mode()
    def scores(indices: Tensor) -> Tensor:
        real = pictures.batch(places[indices])
        small = reduced(to_unit_range(real).to(next(model.sampler.parameters())), model.resolutions[-2])
        with evaluating(model.sampler):
            theirs = model.enlarge(small, indices, seed, [captions[index] for index in indices.tolist()])
        each = (theirs, enlarged(small, real.shape[-1]))
        return torch.stack([psnr(to_uint8(picture).cpu(), real) for picture in each], dim=1)

    theirs, bicubic = of_samples(scores, len(places), device, batch_size, tick).double().mean(0).tolist()
    return theirs, bicubic
