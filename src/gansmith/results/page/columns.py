"""What a board's table shows of a row: its metrics, the primary one first, and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from gansmith.results.metric_names import is_side_note, larger_is_better
from gansmith.results.page.words import compact, decimals, duration, fixed, metric_label
from gansmith.results.record import Record

if TYPE_CHECKING:
    from gansmith.results.leaderboard import Board, Row


@dataclass(frozen=True)
class Column:
    """A column of numbers.

    Attributes:
        key: what the page's address and its filter call it.
        label: the heading.
        hint: the heading in full.
        kind: "primary", "metric", "count" or "cost".
        best: "min" or "max", the better values.
        value: a row's number; None where it has none.
        text: how a number is shown.
        spread: the value's standard deviation over seeds; None for one seed.
        failed: number of a row's runs whose value was not finite.
    """

    key: str
    label: str
    hint: str
    kind: str
    value: Callable[[Row], float | None]
    text: Callable[[float], str]
    best: str
    spread: Callable[[Row], float | None] = lambda row: None
    failed: Callable[[Row], int] = lambda row: 0


def columns(board: Board) -> list[Column]:
    """Metrics, seeds and costs that at least one row has, or failed to have."""
    every = [*(metric_column(board, name) for name in metric_names(board)), seeds_column(), *cost_columns(board)]
    return [
        column for column in every if any(column.value(row) is not None or column.failed(row) for row in board.rows)
    ]


def metric_names(board: Board) -> list[str]:
    """The primary metric, then the others in the order of the rows; side notes are left to the rows' details."""
    names = dict.fromkeys([board.primary, *(name for row in board.rows for name in row.metrics)])
    return [name for name in names if name and not is_side_note(name)]


def metric_column(board: Board, name: str) -> Column:
    def value(row: Row) -> float | None:
        figure = row.metrics.get(name)
        return figure.mean if figure and figure.n else None

    def spread(row: Row) -> float | None:
        return row.metrics[name].std if name in row.metrics else None

    def failed(row: Row) -> int:
        return row.metrics[name].failed if name in row.metrics else 0

    places = decimals([number for row in board.rows if (number := value(row)) is not None])
    direction = "max" if larger_is_better(name) else "min"
    return Column(
        key=name,
        label=metric_label(name, extractor(board)),
        hint=name,
        kind="primary" if name == board.primary else "metric",
        value=value,
        text=lambda number: fixed(number, places),
        best=board.direction if name == board.primary else direction,
        spread=spread,
        failed=failed,
    )


def seeds_column() -> Column:
    return Column(
        key="seeds",
        label="seeds",
        hint="number of runs, which differ in the seed alone",
        kind="count",
        value=lambda row: len(row.runs) or None,
        text=lambda number: f"{number:.0f}",
        best="max",
    )


def extractor(board: Board) -> str | None:
    """The feature extractor of the board's protocol, as its records say."""
    named = (run.record.protocol.get("extractor") for row in board.rows for run in row.runs)
    return next((str(name) for name in named if name), None)


def cost_columns(board: Board) -> list[Column]:
    """Means over a row's runs; published numbers come without costs."""
    costs: list[tuple[str, str, str, Callable[[Record], float | None], Callable[[float], str]]] = [
        ("images", "images", "real images seen by the discriminator", lambda record: record.images, compact),
        ("steps", "steps", "batches seen by the discriminator", lambda record: record.steps, compact),
        ("seconds", "time", "wall time of training, evaluations included", lambda record: record.seconds, duration),
        ("peak_memory", "memory", "most bytes on one accelerator", lambda record: record.peak_memory, compact),
    ]
    for side in ("generator", "discriminator"):
        size, work = total("parameters", side), total("flops", side)
        letter = side[0].upper()
        costs.append((f"parameters_{side}", f"{letter} params", f"parameters of the {side}", size, compact))
        costs.append((f"flops_{side}", f"{letter} FLOPs", f"operations of the {side} for one picture", work, compact))
    return [Column(key, label, hint, "cost", over_runs(of), text, "min") for key, label, hint, of, text in costs]


def total(field: str, side: str) -> Callable[[Record], float | None]:
    """A side's sum in one of the record's mappings by network, such as `generator.to_source`."""

    def of(record: Record) -> float | None:
        sizes = [size for name, size in getattr(record, field).items() if name.startswith(side)]
        return sum(sizes) if sizes else None

    return of


def over_runs(of: Callable[[Record], float | None]) -> Callable[[Row], float | None]:
    def value(row: Row) -> float | None:
        numbers = [number for run in row.runs if (number := of(run.record)) is not None]
        return fmean(numbers) if numbers else None

    return value
