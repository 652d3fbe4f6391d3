"""Pictures read, translated and written, one behind the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice

import numpy as np

from gansmith.errors import DataError
from gansmith.translate.files import Job
from gansmith.translate.pictures import Picture, read_mask, read_picture
from gansmith.translate.report import Report
from gansmith.translate.tiling import Tiling
from gansmith.translate.translator import Translator, Window
from gansmith.translate.workers import Mapper
from gansmith.translate.writers import check_fits, write_picture

SOLID = 128  # alpha from which on a pixel is no hole


@dataclass
class Pipeline:
    """The way of a picture from its file to that of its result.

    translator: knows the model and its task.
    tile, overlap: see `spans`.
    format: of the results: png, jpg or webp.
    max_pixels: larger pictures are refused.
    """

    translator: Translator
    tile: int
    overlap: int
    format: str
    max_pixels: int
    _opened: deque[tuple[Job, Tiling]] = field(default_factory=deque)

    def run(self, jobs: Iterable[Job], mapper: Mapper, report: Report) -> None:
        """Writes the results. While one is written, the windows of the next pictures may be at work already.

        Args:
            jobs: each is read when its turn comes.
            mapper: from windows to the translator's results, in order.
            report: hears of every tile, picture and failure.
        """
        outputs = mapper(self._windows(jobs, report))
        for first in outputs:
            job, tiling = self._opened.popleft()
            report.begin(tiling.count)
            self._write(job, tiling, _counted(chain([first], islice(outputs, tiling.count - 1)), report))
            report.finish(tiling.size[0] * tiling.size[1])

    def _windows(self, jobs: Iterable[Job], report: Report) -> Iterator[Window]:
        for job in jobs:
            try:
                tiling = self._open(job)
            except DataError as error:
                report.fail(job.name, error)
            else:
                self._opened.append((job, tiling))
                yield from tiling.windows()

    def _open(self, job: Job) -> Tiling:
        """Raises DataError for what can't be read, or could not be written."""
        picture, hole = read_picture(job.source, self.max_pixels), None
        if self.translator.task.fills_holes:
            picture, hole = self._with_hole(picture, job)
        tiling = Tiling(picture, hole, self.tile, self.overlap, self.translator.multiple, self.translator.scale)
        check_fits(self.format, *tiling.size, has_alpha=picture.alpha is not None)
        return tiling

    def _with_hole(self, picture: Picture, job: Job) -> tuple[Picture, np.ndarray]:
        """What is filled is transparent no more."""
        if job.mask is not None:
            return picture, read_mask(job.mask, picture.size, self.max_pixels)
        if picture.alpha is None:
            raise DataError("has no hole: neither transparent pixels nor a mask (mask=FILE|FOLDER, white is missing)")
        return replace(picture, alpha=None), picture.alpha < SOLID

    def _write(self, job: Job, tiling: Tiling, outputs: Iterator[np.ndarray]) -> None:
        stripes = tiling.stripes(outputs)
        first = next(stripes)
        channels, picture = first.shape[-1], tiling.picture
        found = picture.pixels.shape[-1] + (picture.alpha is not None)
        profile = picture.profile if channels == found else None
        write_picture(job.target, self.format, tiling.size, channels, chain([first], stripes), profile)


def _counted(outputs: Iterator[np.ndarray], report: Report) -> Iterator[np.ndarray]:
    for output in outputs:
        report.tile()
        yield output
