"""What restoration.py trains: tasks on pictures that need no download, and the simplest other way to do each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from torch import Tensor

from gansmith.data import baselines
from gansmith.data.base import DataModule
from gansmith.metrics.restoration import Restore
from gansmith.ranges import to_unit_range

Baseline = Callable[[DataModule], Restore]
"""A classical method, which may look at the training pictures."""


@dataclass(frozen=True)
class Problem:
    """A training and what its outcome is compared with.

    Args:
        name: of its folder.
        overrides: of src/train.py.
        baselines: by the name in the table.
        checkpoints: what to measure by name in the table: files of the run.
    """

    name: str
    overrides: tuple[str, ...]
    baselines: dict[str, Baseline] = field(default_factory=dict)
    checkpoints: dict[str, str] = field(default_factory=lambda: {"trained": "last.ckpt"})


def mean_colour(data: DataModule) -> Restore:
    """The mean chroma of the training pictures everywhere."""
    pictures = data.examples("train")
    chroma = baselines.mean_chroma(to_unit_range(pictures[index]["image"])[None] for index in range(len(pictures)))
    return partial(baselines.mean_colour, chroma=chroma)


def plain(restore: Callable[[Tensor], Tensor]) -> Baseline:
    """A method that needs no training pictures."""
    return lambda data: restore


STAGES = {"pixels alone": "pretrained.ckpt", "adversarial": "last.ckpt"}
DIGITS = ("data=mnist5k", "data.batch_size=16", "metrics.metrics=[psnr,ssim,perceptual,fd]")
PHOTOS = ("data=photos", "data.resolution=64", "data.batch_size=8")

PROBLEMS = {
    problem.name: problem
    for problem in (
        Problem(
            "super_resolution_x4",
            ("model=srgan", "data=photos", "data.batch_size=8", "model.pretrain_steps=1000", "trainer.max_steps=1600"),
            checkpoints=STAGES,
        ),
        Problem(
            "super_resolution_x2",
            ("model=srgan", "task.scale=2", *PHOTOS, "model.pretrain_steps=1200", "trainer.max_steps=1200"),
            checkpoints={"pixels alone": "last.ckpt"},
        ),
        Problem(
            "colorize",
            # Six photographs: after some hundred steps it learns them by heart.
            ("model=pix2pix", "task=colorize", *PHOTOS, "model.lambda_l1=1000", "trainer.max_steps=400"),
            {"mean colour": mean_colour},
        ),
        Problem(
            "enhance",
            # In three equal channels, so that a cast of colour can be seen.
            ("model=pix2pix", "task=enhance", *DIGITS, "data.channels=3", "trainer.max_steps=2000"),
            {
                "grey world": plain(baselines.grey_world),
                "histogram equalised": plain(baselines.histogram_equalisation),
            },
        ),
        Problem(
            "dewatermark",
            # Most of a picture is right already, and no change is what an absolute error would settle for.
            (
                "model=srgan",
                "task=dewatermark",
                "model/pixel=squared_error",
                *DIGITS,
                "model.pretrain_steps=1500",
                "trainer.max_steps=1500",
            ),
            {"median filter": plain(baselines.median_filter)},
        ),
        Problem(
            "inpaint",
            ("model=pix2pix", "task=inpaint", *DIGITS, "trainer.max_steps=1200"),
            {"mean fill": plain(baselines.mean_fill), "Telea": plain(baselines.telea)},
        ),
        Problem("sketch", ("model=pix2pix", "task=sketch", *DIGITS, "trainer.max_steps=800")),
        Problem("unpaired_digits", ("model=cyclegan", "trainer.max_steps=1000")),
    )
}
