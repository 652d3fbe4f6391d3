"""How long commands take that should answer at once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from timing import Row, Timed, in_turn

TRAIN = Path(__file__).resolve().parent.parent / "src" / "train.py"
LIMIT = 3.0  # times the import of Hydra, which no command can do without


def rows(repeats: int) -> Iterator[Row]:
    """`--help` and `--cfg job` against an empty program that imports Hydra."""
    hydra = _command("-c", "import hydra")
    hydra()
    for flags in (["--help"], ["--cfg", "job"]):
        command = _command(str(TRAIN), *flags)
        command()
        pairs = in_turn(command, hydra, repeats)
        yield Row(f"train.py {' '.join(flags)}", "import hydra", pairs, LIMIT)


def _command(*arguments: str) -> Timed:
    def run() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began

    return run
