"""A metric over images seen, as a picture."""

from __future__ import annotations

from pathlib import Path

from gansmith.atomic import replacing
from gansmith.inference.results import Result
from gansmith.metrics.base import BaseProtocol

INCHES = (6.4, 4.0)
DOTS_PER_INCH = 150


def draw_curve(found: list[Result], protocol: BaseProtocol, title: str, path: Path) -> None:
    """The primary metric of each result, PNG; `best` and `last` are named at their points.

    The axis is images seen, or steps where one of the checkpoints does not know its images.
    """
    # No pyplot: it looks for a display, and keeps a state of its own.
    from matplotlib.figure import Figure

    primary = protocol.primary_metric
    assert primary is not None
    axis = "step" if any(result.images is None for result in found) else "images"
    points = [(getattr(result, axis) or 0, result.metrics.get(primary), Path(result.source).stem) for result in found]
    known = [(at, value, name) for at, value, name in points if value is not None]
    figure = Figure(figsize=INCHES, layout="constrained")
    axes = figure.add_subplot(
        title=title, xlabel={"images": "images seen"}.get(axis, axis), ylabel=f"{primary} ({protocol.name})"
    )
    axes.plot([at for at, _, _ in known], [value for _, value, _ in known], marker="o", markersize=4)
    for at, value, name in known:
        if name in ("best", "last"):
            # One below the other where the last is the best.
            offset = (-6, 6) if name == "last" else (-6, -12)
            axes.annotate(name, (at, value), textcoords="offset points", xytext=offset, horizontalalignment="right")
    axes.margins(0.1)
    axes.grid(alpha=0.3)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DOTS_PER_INCH)
