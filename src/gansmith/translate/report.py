"""How far the work is, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gansmith.ranks import is_first_process


@dataclass
class Counts:
    """Pictures that were done, left out, or there already; the pixels of the results, and the time they took."""

    done: int = 0
    failed: int = 0
    there: int = 0
    pixels: int = 0
    seconds: float = 0.0

    @classmethod
    def total(cls, parts: Sequence[Counts]) -> Counts:
        """Of processes that worked side by side."""
        counts = ((part.done, part.failed, part.there, part.pixels) for part in parts)
        done, failed, there, pixels = map(sum, zip(*counts))
        return cls(done, failed, there, pixels, max(part.seconds for part in parts))

    def __str__(self) -> str:
        megapixels = self.pixels / 1e6
        line = f"{self.done} picture{'s' * (self.done != 1)}, {megapixels:.4g} megapixels, in {self.seconds:.3g} s"
        if self.done:
            line += f": {self.done / self.seconds:.3g} pictures/s, {megapixels / self.seconds:.3g} megapixels/s"
        return line + (f"; {self.there} were there already (overwrite=true makes them again)" if self.there else "")


class Report:
    """Two bars while it works, over the pictures and over the tiles of one; a line for each that failed.

    Args:
        pictures: how many there are to do.
        there: how many others are done already.
    """

    def __init__(self, pictures: int, there: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        console = Console(stderr=True)
        is_watched = console.is_terminal and is_first_process()
        self._bars = Progress(*columns, console=console, transient=True, disable=not is_watched)
        self._pictures = self._bars.add_task("pictures", total=pictures)
        self._tiles = self._bars.add_task("tiles", total=None)
        self.counts = Counts(there=there)

    def __enter__(self) -> Report:
        self._began = time.perf_counter()
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()
        self.counts.seconds = time.perf_counter() - self._began

    def begin(self, tiles: int) -> None:
        """A picture of so many tiles is next."""
        self._bars.reset(self._tiles, total=tiles)

    def tile(self) -> None:
        """One more is done."""
        self._bars.advance(self._tiles)

    def finish(self, pixels: int) -> None:
        """A result of so many pixels is written."""
        self.counts.done += 1
        self.counts.pixels += pixels
        self._bars.advance(self._pictures)

    def fail(self, name: str, reason: Exception) -> None:
        """Says in a line which picture was left out, and why."""
        self.counts.failed += 1
        self.say(f"left out {name}: {reason}")
        self._bars.advance(self._pictures)

    def say(self, line: str) -> None:
        """A line on stderr, above the bars."""
        self._bars.console.print(line, markup=False, highlight=False, soft_wrap=True)
