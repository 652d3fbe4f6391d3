"""Runs side by side: one board for each data set, resolution and protocol, and in it a row for each variant."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from gansmith.results.filters import check_field, matching
from gansmith.results.metric_names import larger_is_better, primary_metric
from gansmith.results.published import Published
from gansmith.results.runs import Run, Which, collect
from gansmith.results.statistics import Estimate, estimate

__all__ = ["Board", "Estimate", "Row", "Run", "Which", "boards", "collect"]

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Row:
    """Runs that belong together, as a rule those that differ in the seed alone.

    Attributes:
        model: name of the model; several where the row holds several.
        variant: see `Record.variant`; empty where the row holds several.
        runs: each seed of a variant once, the newest; none in a published row.
        which: whose metrics these are, those of the last or the best checkpoints.
        metrics: over the runs that have them.
        rank: from 1 by the board's primary metric, the same for equal means; None where the row has no such
            metric, where a run of it failed, and for published rows.
        published: where the numbers are from others.
        group: the values of the fields that the row was grouped by.
    """

    model: str
    variant: str
    runs: tuple[Run, ...]
    which: Which
    metrics: dict[str, Estimate]
    rank: int | None
    published: Published | None
    group: tuple[tuple[str, Any], ...] = ()

    def value(self, field: str) -> Any:
        """A metric's mean; of other fields the mean over the runs if they are numbers, else the common value."""
        if field in self.metrics:
            return self.metrics[field].mean
        if field in ("model", "variant", "rank"):
            return getattr(self, field)
        values = [run.field(field, self.which) for run in self.runs]
        if values and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            return values[0] if values.count(values[0]) == len(values) else sum(values) / len(values)
        return common(values)


@dataclass(frozen=True)
class Board:
    """What may be ranked together.

    Attributes:
        data: what the data are called, how many they are where that is limited, and the task: see `Run.problem`.
        protocol: its hash; empty for runs without metrics.
        primary: full name of the metric that ranks; empty without one.
        direction: whether that is better when it is smaller or larger.
    """

    data: str
    resolution: int
    protocol: str
    protocol_name: str
    primary: str
    direction: Literal["min", "max"]
    rows: tuple[Row, ...]


def boards(
    runs: Sequence[Run],
    *,
    which: Which = "last",
    sort: str | None = None,
    filters: Sequence[str] = (),
    group: Sequence[str] = ("variant",),
    published: Sequence[Published] = (),
) -> list[Board]:
    """Boards in the order of data, resolution and protocol name.

    Args:
        sort: field that orders the rows, `-field` for the other way; None orders them by rank.
        filters: conditions such as `model=dcgan`, `steps<1000`; a run has to meet them all.
        group: fields whose values make a row.
        published: numbers of others, shown where the board has the same data, protocol name and metric.

    Raises:
        ConfigError: a filter, `group` or `sort` names a field that no run has.
    """
    for field in (*group, *([sort.removeprefix("-")] if sort else [])):
        if field != "rank":
            check_field(runs, field, which)
    groups = grouped(matching(runs, filters, which), board_key)
    found = [board_of(key, members, which, group, published) for key, members in groups.items()]
    ordered = sorted(found, key=lambda board: (board.data, board.resolution, board.protocol_name, board.protocol))
    return [replace(board, rows=tuple(arranged(board, sort))) for board in ordered]


def board_key(run: Run) -> tuple[str, int, str]:
    """What two runs must have in common to be ranked against each other."""
    return run.problem, run.record.resolution, str(run.record.protocol.get("hash", ""))


def board_of(
    key: tuple[str, int, str], runs: list[Run], which: Which, group: Sequence[str], published: Sequence[Published]
) -> Board:
    primaries = Counter(primary_metric(run.record.protocol, list(run.scores(which))) for run in runs)
    primary = primaries.most_common(1)[0][0]
    name = str(runs[0].record.protocol.get("name", "none"))
    direction = direction_of(primary, runs)
    members = grouped(runs, lambda run: tuple((field, frozen(run.field(field, which))) for field in group))
    rows = [row_of(runs, which, values) for values, runs in members.items()]
    board = Board(key[0], key[1], key[2], name, primary, direction, tuple(rows))
    rows = [replace(row, rank=rank_of(row, board)) for row in rows]
    fitting = [
        item
        for item in published
        if (item.data, item.protocol) == (runs[0].pictures, name) and item.resolution in (None, board.resolution)
    ]
    return replace(board, rows=(*rows, *published_rows(board, fitting, which)))


def direction_of(primary: str, runs: Sequence[Run]) -> Literal["min", "max"]:
    """As a record says; else as the metric's name says."""
    stated = {
        run.record.protocol.get("direction") for run in runs if run.record.protocol.get("primary_metric") == primary
    }
    return "max" if "max" in stated or (not stated and larger_is_better(primary)) else "min"


def row_of(runs: Sequence[Run], which: Which, group: tuple[tuple[str, Any], ...]) -> Row:
    counted = newest_of_each_seed(runs)
    names = dict.fromkeys(name for run in counted for name in run.scores(which))
    values = {name: [run.scores(which)[name] for run in counted if name in run.scores(which)] for name in names}
    return Row(
        model=", ".join(sorted({run.record.model for run in counted})),
        variant=common([run.variant for run in counted]) or "",
        runs=tuple(counted),
        which=which,
        metrics={name: estimate(values[name]) for name in names},
        rank=None,
        published=None,
        group=group,
    )


def newest_of_each_seed(runs: Sequence[Run]) -> list[Run]:
    """A variant's run with the same seed again is no further evidence."""
    by_age = sorted(runs, key=lambda run: (run.run_dir / "result.json").stat().st_mtime)
    newest = {(run.variant, run.record.seed): run for run in by_age}
    return sorted(newest.values(), key=lambda run: (run.variant, run.record.seed))


def rank_of(row: Row, board: Board) -> int | None:
    own = quality(row, board)
    others = [quality(other, board) for other in board.rows]
    return None if own is None else 1 + sum(other is not None and other < own for other in others)


def quality(row: Row, board: Board) -> float | None:
    """The primary metric such that less is better; None where it can't rank."""
    figure = row.metrics.get(board.primary)
    if figure is None or figure.failed or not figure.n or row.published is not None:
        return None
    return figure.mean if board.direction == "min" else -figure.mean


def published_rows(board: Board, published: Sequence[Published], which: Which) -> list[Row]:
    """Numbers of one model from one source are one row, if any of them is of a metric that was measured here."""
    measured = {name for row in board.rows for name in row.metrics}
    found = grouped(published, lambda item: (item.model, item.source))
    return [
        Row(
            model=model,
            variant="",
            runs=(),
            which=which,
            metrics={item.metric: Estimate(item.value, None, 1) for item in items},
            rank=None,
            published=items[0],
        )
        for (model, _), items in found.items()
        if measured & {item.metric for item in items}
    ]


def arranged(board: Board, sort: str | None) -> list[Row]:
    """Rows in order; those that have no value stand last."""
    field = (sort or board.primary).removeprefix("-")
    larger_first = larger_is_better(field) if sort else board.direction == "max"
    if sort and sort.startswith("-"):
        larger_first = not larger_first
    values = {place: row.value(field) for place, row in enumerate(board.rows)} if field else {}
    there = [place for place, value in values.items() if not is_missing(value)]
    if all(isinstance(values[place], int | float) for place in there):
        there.sort(key=lambda place: float(values[place]), reverse=larger_first)
    else:
        there.sort(key=lambda place: str(values[place]), reverse=larger_first)
    return [board.rows[place] for place in (*there, *(n for n in range(len(board.rows)) if n not in there))]


def is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Items by key, in the order in which keys first come."""
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def frozen(value: Any) -> Any:
    """The value, or its text where it can't be the key of a dictionary."""
    return value if isinstance(value, Hashable) else str(value)


def common(values: Sequence[Any]) -> Any:
    """The value if all are the same, else None."""
    return values[0] if values and all(value == values[0] for value in values) else None
