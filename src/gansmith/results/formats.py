"""Boards as text: tables for a terminal and for documents, CSV and JSON for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gansmith.results.leaderboard import Board, Row, is_missing
from gansmith.results.page.columns import Column, columns, cost_columns
from gansmith.results.page.commands import distinctions
from gansmith.results.record import finite

if TYPE_CHECKING:
    from rich.table import Table

WIDE = 400  # columns of a table that goes to a file: none of its cells is folded


def as_tables(boards: Sequence[Board]) -> str:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=WIDE)
    for board in boards:
        console.print(table(board))
    return console.file.getvalue()  # type: ignore[attr-defined]


def table(board: Board) -> Table:
    from rich.table import Table
    from rich.text import Text

    shown = columns(board)
    drawn = Table(*headings(shown), title=title(board), caption=caption(board), title_justify="left")
    for place, column in enumerate(drawn.columns):
        column.justify = "left" if place == 1 else "right"
    for row, line in zip(board.rows, lines(board, shown), strict=True):
        style = "bold" if row.rank == 1 else "dim" if row.published else None
        drawn.add_row(*map(Text, line), style=style)
    return drawn


def as_markdown(boards: Sequence[Board]) -> str:
    return "\n".join(board_markdown(board) for board in boards)


def board_markdown(board: Board) -> str:
    shown = columns(board)
    rule = ["---:" if place != 1 else "---" for place in range(len(headings(shown)))]
    table = [headings(shown), rule, *lines(board, shown)]
    drawn = "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in table)
    return f"**{title(board)}**\n\n{drawn}\n\n{caption(board)}\n"


def title(board: Board) -> str:
    protocol = f"protocol {board.protocol_name} ({board.protocol})" if board.protocol else "no metrics"
    return f"{board.data}, {board.resolution} px, {protocol}"


def caption(board: Board) -> str:
    """What the numbers are, in a sentence."""
    if not board.primary:
        return "Nothing was measured."
    better = "larger" if board.direction == "max" else "smaller"
    which = board.rows[0].which if board.rows else "last"
    return (
        f"{which.capitalize()} checkpoints, mean ± deviation over seeds. Ranked by {board.primary}: {better} is better."
    )


def headings(shown: Sequence[Column]) -> list[str]:
    return ["rank", "model", *(column.label for column in shown)]


def lines(board: Board, shown: Sequence[Column]) -> list[list[str]]:
    """The cells of each row."""
    return [
        ["published" if row.published else str(row.rank or "–"), label, *(cell(row, column) for column in shown)]
        for row, label in zip(board.rows, labels(board), strict=True)
    ]


def labels(board: Board) -> list[str]:
    """Of each row the model, and what tells it from the others."""
    return [label(*found) for found in zip(board.rows, distinctions(board.rows), strict=True)]


def label(row: Row, overrides: Sequence[str]) -> str:
    """The model, with the fields that its row was grouped by and these overrides, or with its source."""
    if row.published:
        return f"{row.model} ({row.published.source})"
    grouped_by = {field: f"{field}={value}" for field, value in row.group if field not in ("model", "variant")}
    others = [override for override in overrides if override.partition("=")[0] not in grouped_by]
    return " ".join([row.model, *grouped_by.values(), *others])


def cell(row: Row, column: Column) -> str:
    value, spread, failed = column.value(row), column.spread(row), column.failed(row)
    text = "" if value is None else column.text(value)
    if spread is not None:
        text += f" ± {column.text(spread)}"
    return f"{text} ({failed} of {len(row.runs)} not finite)".strip() if failed else text


def as_csv(boards: Sequence[Board]) -> str:
    """A line a row, numbers as they are: a metric's mean, then its deviation over seeds and their number."""
    lines = [flat(board, *found) for board in boards for found in zip(board.rows, labels(board), strict=True)]
    names = list(dict.fromkeys(name for line in lines for name in line))
    file = io.StringIO()
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if is_missing(value) else value for name, value in line.items()} for line in lines)
    return file.getvalue()


def flat(board: Board, row: Row, label: str) -> dict[str, Any]:
    of_board = asdict_without_rows(board)
    line = {**of_board, "rank": row.rank, "model": row.model, "variant": row.variant, "label": label}
    line |= {"which": row.which, "seeds": len(row.runs), "published": row.published.source if row.published else ""}
    line |= costs(board, row)
    for name, figure in row.metrics.items():
        line |= {name: figure.mean, f"{name}_deviation": figure.std, f"{name}_seeds": figure.n}
    return {**line, "runs": " ".join(str(run.run_dir) for run in row.runs)}


def as_json(boards: Sequence[Board]) -> str:
    """Everything, the records included; numbers that are not finite are null."""
    content = [
        {**asdict_without_rows(board), "rows": [structured(board, row) for row in board.rows]} for board in boards
    ]
    return json.dumps(finite(content), indent=2, allow_nan=False, default=str) + "\n"


def structured(board: Board, row: Row) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("rank", "model", "variant", "which")},
        "group": dict(row.group),
        "metrics": {name: asdict(figure) for name, figure in row.metrics.items()},
        "costs": costs(board, row),
        "published": asdict(row.published) if row.published else None,
        "runs": [{"run_dir": str(run.run_dir), **asdict(run.record)} for run in row.runs],
    }


def asdict_without_rows(board: Board) -> dict[str, Any]:
    names = ("data", "resolution", "protocol", "protocol_name", "primary", "direction")
    return {name: getattr(board, name) for name in names}


def costs(board: Board, row: Row) -> dict[str, float | None]:
    """Means over the row's runs, whole numbers as such."""
    values = {column.key: column.value(row) for column in cost_columns(board)}
    return {key: int(value) if value is not None and value == int(value) else value for key, value in values.items()}


FORMATS: dict[str, Callable[[Sequence[Board]], str]] = {
    "table": as_tables,
    "markdown": as_markdown,
    "csv": as_csv,
    "json": as_json,
}
