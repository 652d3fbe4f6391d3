"""One board as HTML: protocol, table, places for the charts, sample grids."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gansmith.results.page.columns import Column, columns
from gansmith.results.page.commands import distinctions, labels
from gansmith.results.page.markup import Markup, join, tag
from gansmith.results.page.pictures import Picture, read_picture
from gansmith.results.page.rows import image, row_html
from gansmith.results.page.words import count

if TYPE_CHECKING:
    from gansmith.results.leaderboard import Board, Row, Run

Pictures = Mapping[Path, tuple[Picture, Picture]]  # by run folder: the grid and its thumbnail


def slug(text: str) -> str:
    """A word for ids and addresses."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "none"


def board_id(board: Board) -> str:
    """The board's name in addresses, the same when other boards come and go."""
    return "-".join([slug(board.data), str(board.resolution), slug(board.protocol_name), slug(board.protocol)[:6]])


def row_keys(board: Board) -> list[str]:
    """A name for each row in addresses, the same when other rows come and go as far as that can be."""
    keys: list[str] = []
    for row in board.rows:
        stem = f"{slug(row.model)}-{slug(row.variant)[:6]}" if row.runs else f"{slug(row.model)}-published"
        keys.append(stem if stem not in keys else f"{stem}-{len(keys)}")
    return keys


def read_pictures(runs: Sequence[Run], most_bytes: int) -> dict[Path, tuple[Picture, Picture]]:
    """The last sample grid of each run that has one inside its folder."""
    pictures = {}
    for run in runs:
        path = run.run_dir / (run.record.samples or "")
        inside = bool(run.record.samples) and path.resolve().is_relative_to(run.run_dir.resolve())
        if inside and (found := read_picture(path, most_bytes)):
            pictures[run.run_dir] = found
    return pictures


def board_html(board: Board, pictures: Pictures) -> Markup:
    shown = columns(board)
    identity = board_id(board)
    keys = row_keys(board)
    figures = list(gallery(board, keys, pictures))
    return tag(
        "section",
        tag("header", heading(board), protocol(board)),
        filter_bar(identity, len(board.rows)),
        table(board, keys, shown, pictures),
        note(board),
        charts(board, identity),
        samples(board, figures) if figures else "",
        class_="board",
        id=identity,
        data_primary=board.primary,
        data_direction=board.direction,
    )


def heading(board: Board) -> Markup:
    return tag("h2", board.data, " ", tag("span", f"{board.resolution} × {board.resolution}", class_="aside"))


def protocol(board: Board) -> Markup:
    """The protocol's name and what people ask first, and all that it fixes behind them."""
    fields = next((run.record.protocol for row in board.rows for run in row.runs), {})
    first = [fields.get("extractor"), told(fields.get("samples"), "samples"), told(fields.get("split"), "split")]
    summary = " · ".join([f"Protocol {board.protocol_name}", *(str(item) for item in first if item)])
    items = [join(tag("dt", name), tag("dd", plain(value))) for name, value in fields.items() if value is not None]
    return tag("details", tag("summary", summary), tag("dl", *items), class_="protocol")


def told(value: Any, noun: str) -> str | None:
    if value is None:
        return None
    return f"{value:,} {noun}" if isinstance(value, int) else f"{value} {noun}"


def plain(value: Any) -> str:
    if value is None:
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def filter_bar(identity: str, rows: int) -> Markup:
    field = tag(
        "input",
        type="search",
        id=f"filter-{identity}",
        class_="filter",
        placeholder="wgan  fd<50  images<1M",
        autocomplete="off",
        spellcheck="false",
    )
    words = tag("label", "Filter", for_=f"filter-{identity}")
    return tag("div", words, field, tag("output", count(rows, "row"), class_="count"), class_="bar scripted")


def table(board: Board, keys: Sequence[str], shown: Sequence[Column], pictures: Pictures) -> Markup:
    ranks = [row.rank for row in board.rows if row.rank is not None]
    order = "ascending" if ranks and ranks == sorted(ranks) else None
    heads = [
        tag("th", tag("span", "Curves", class_="unseen"), scope="col", class_="tick"),
        head("rank", "rank", "rank by the primary metric", order=order),
        head("model", "model", "model, and what tells its runs from the others"),
        *(head(column.key, column.label, hint(column), column.kind, column.best) for column in shown),
    ]
    identity = board_id(board)
    bodies = [
        row_html(row, label, " ".join(overrides), f"{identity}-{key}", key, shown, thumbnail(row, pictures))
        for row, label, overrides, key in zip(
            board.rows, labels(board.rows), distinctions(board.rows), keys, strict=True
        )
    ]
    caption = tag("caption", f"{board.data}, {board.resolution} px, protocol {board.protocol_name}", class_="unseen")
    whole = tag("table", caption, tag("thead", tag("tr", *heads)), *bodies, class_="ranking")
    return tag("div", whole, class_="scroller", role="region", tabindex=0, aria_label=f"Table of {board.data}")


def head(
    key: str, words: str, hint: str, kind: str | None = None, best: str | None = None, order: str | None = None
) -> Markup:
    """A heading that sorts by its column."""
    button = tag("button", words, type="button", title=hint)
    return tag("th", button, scope="col", class_=kind, data_column=key, data_best=best, aria_sort=order)


def hint(column: Column) -> str:
    better = {"min": "lower is better", "max": "higher is better"}[column.best]
    return f"{column.hint}, {better}" if column.kind in ("metric", "primary") else column.hint


def thumbnail(row: Row, pictures: Pictures) -> Picture | None:
    return next((pictures[run.run_dir][1] for run in row.runs if run.run_dir in pictures), None)


def note(board: Board) -> Markup:
    words = []
    if board.primary:
        better = "lower" if board.direction == "min" else "higher"
        words.append(f"Ranked by {board.primary}, {better} is better.")
    which = sorted({row.which for row in board.rows if row.runs})
    words += [f"Numbers of the {' and the '.join(which)} checkpoint." for _ in which[:1]]
    if any(len(row.runs) > 1 for row in board.rows):
        words.append("± is the standard deviation over seeds.")
    return tag("p", " ".join(words), class_="note")


def charts(board: Board, identity: str) -> Markup:
    """Frames that the script draws into; nothing is shown of them without it."""
    during = next((run.record.protocol.get("during_samples") for row in board.rows for run in row.runs), None)
    fewer = f" Those in the course of training are of {during:,} samples." if isinstance(during, int) else ""
    curves = chart(identity, "curves", "Curves", "Metric", f"Of the rows ticked in the table.{fewer}")
    words = "No row is both better and cheaper than one with a full dot."
    costs = chart(identity, "cost", "Quality against cost", "Cost", words)
    return tag("div", curves, costs, class_="charts scripted")


def chart(identity: str, kind: str, title: str, choice: str, words: str) -> Markup:
    select = tag("select", id=f"{kind}-{identity}", class_="choice")
    box = tag("input", type="checkbox", class_="log")
    bar = tag(
        "div",
        tag("label", choice, for_=f"{kind}-{identity}"),
        select,
        tag("label", box, " log scale"),
        class_="bar",
    )
    drawing = tag("div", class_="drawing")
    output = tag("output", class_="readout")
    return tag("figure", tag("h3", title), bar, drawing, output, tag("figcaption", words), class_=f"chart {kind}")


def gallery(board: Board, keys: Sequence[str], pictures: Pictures) -> Iterator[Markup]:
    """A figure a run; those behind a row's first seed are marked, so that the script can fold them away."""
    for row, label, key in zip(board.rows, labels(board.rows), keys, strict=True):
        for index, run in enumerate(run for run in row.runs if run.run_dir in pictures):
            words = f"{label}, seed {run.record.seed}"
            grid = image(pictures[run.run_dir][0], f"Samples of {words}", loading="lazy")
            yield tag(
                "figure",
                tag("button", grid, type="button", class_="look", aria_label=f"Enlarge samples of {words}"),
                tag("figcaption", label, " ", tag("span", f"seed {run.record.seed}", class_="aside")),
                data_row=key,
                data_words=f"{words}, {run.record.images:,} images seen",
                class_="further" if index else None,
            )


def samples(board: Board, figures: Sequence[Markup]) -> Markup:
    box = tag("label", tag("input", type="checkbox", class_="every"), " all seeds", class_="scripted")
    several = any(len(row.runs) > 1 for row in board.rows)
    bar = tag("div", tag("h3", "Samples"), box if several else "", class_="heading")
    words = "The last grid of each row's first seed, not chosen."
    return tag("div", bar, tag("p", words, class_="note"), tag("div", *figures, class_="grids"), class_="samples")
