"""What `metrics.jsonl` says of a run, as few enough points for a page."""

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

POINTS = 100
DIGITS = 5
# Axes, and what the terminal shows of a run's speed; the rest are the run's own numbers.
NOT_DRAWN = ("step", "images", "seconds", "images_per_second", "data_wait")

Point = tuple[float, float]


def read_curves(path: Path) -> dict[str, list[list[float]]]:
    """Values over images seen by name, each `[images, values]` of at most 100 points; {} without a file.

    Lines that are no JSON objects, such as one that is still being written, are passed over, and so are values that
    are not finite numbers.
    """
    series: dict[str, list[Point]] = defaultdict(list)
    for line in lines(path):
        images = line.get("images")
        if not is_number(images):
            continue
        for name, value in line.items():
            if name not in NOT_DRAWN and is_number(value):
                series[name].append((images, float(f"{value:.{DIGITS}g}")))
    return {name: [list(axis) for axis in zip(*thin(points), strict=True)] for name, points in series.items()}


def lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        try:
            content = json.loads(line)
        except ValueError:
            continue
        if isinstance(content, dict):
            yield content


def thin(points: list[Point], most: int = POINTS) -> list[Point]:
    """At most `most` points in the same order: the first, the last, and of each stretch the lowest and the highest.

    So a spike, or the best value that a run reached, stays on the curve.
    """
    if len(points) <= most:
        return points
    inner, stretches = points[1:-1], (most - 2) // 2
    kept = {0, len(points) - 1}
    for stretch in range(stretches):
        begin, end = (len(inner) * edge // stretches for edge in (stretch, stretch + 1))
        indices = range(begin + 1, end + 1)
        kept |= {min(indices, key=lambda i: points[i][1]), max(indices, key=lambda i: points[i][1])}
    return [points[i] for i in sorted(kept)]


def is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
