"""A row of a board: its numbers, and below them what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gansmith.results.page.columns import Column
from gansmith.results.page.commands import command
from gansmith.results.page.markup import Markup, join, tag
from gansmith.results.page.pictures import Picture
from gansmith.results.page.words import count, duration

if TYPE_CHECKING:
    from gansmith.results.leaderboard import Row, Run

MISSING = "–"


def row_html(
    row: Row, label: str, apart: str, identity: str, key: str, columns: Sequence[Column], thumbnail: Picture | None
) -> Markup:
    """Two table rows in a `tbody` of their own: the numbers, and the details.

    Args:
        label: what the row is called where its model alone does not tell it from others.
        apart: the overrides that tell it from the others, below its model's name.
        identity: no other row of the page has it.
        key: no other row of the board has it.
    """
    cells = [
        tick(row, label),
        number(row.rank, MISSING if row.rank is None else str(row.rank), column="rank"),
        name(row, label, apart, identity, thumbnail),
        *(cell(row, column) for column in columns),
    ]
    inside = tag("td", tag("div", details(row, label), class_="inside"), colspan=len(cells))
    return tag(
        "tbody",
        tag("tr", *cells, class_="row"),
        tag("tr", inside, class_="details", id=identity),
        class_="published" if row.published else "measured",
        data_row=key,
        data_label=label,
    )


def tick(row: Row, label: str) -> Markup:
    if not row.runs:
        return tag("td", class_="tick")
    box = tag("input", type="checkbox", class_="ticked scripted")
    words = tag("span", f"Draw the curves of {label}", class_="unseen")
    return tag("td", tag("label", box, words), class_="tick")


def name(row: Row, label: str, apart: str, identity: str, thumbnail: Picture | None) -> Markup:
    """The model's name, which opens the details, beside a look at its samples."""
    opener = tag("button", row.model, type="button", class_="opener", aria_controls=identity)
    mark = tag("span", "published", class_="mark") if row.published else ""
    told = row.published.source if row.published else apart
    words = tag("div", opener, mark, tag("span", told, class_="apart", title=told) if told else "", class_="words")
    return tag("th", tag("div", look(label, thumbnail), words, class_="name"), scope="row")


def look(label: str, thumbnail: Picture | None) -> Markup:
    if thumbnail is None:
        return tag("span", class_="look")
    return tag("button", image(thumbnail, ""), type="button", class_="look", aria_label=f"Samples of {label}")


def image(picture: Picture, words: str, loading: str | None = None) -> Markup:
    return tag("img", src=picture.uri, alt=words, width=picture.width, height=picture.height, loading=loading)


def cell(row: Row, column: Column) -> Markup:
    value, spread = column.value(row), column.spread(row)
    failed = column.failed(row)
    words = [column.text(value)] if value is not None else [] if failed else [MISSING]
    if spread is not None:
        words.append(tag("span", f" ± {column.text(spread)}", class_="spread"))
    if failed:
        words.append(tag("span", f" {failed} of {len(row.runs)} failed", class_="failed"))
    return number(value, *words, column=column.key, kind=column.kind, spread=spread)


def number(
    value: float | None, *words: str, column: str, kind: str | None = None, spread: float | None = None
) -> Markup:
    """A cell with the exact value, by which the script sorts and draws."""
    exact = None if value is None else repr(value)
    return tag("td", *words, class_=kind, title=exact, data_column=column, data_value=exact, data_spread=spread)


def details(row: Row, label: str) -> Markup:
    if row.published:
        return published(row)
    copy = tag("button", "Copy", type="button", class_="copy scripted")
    return join(
        tag("div", tag("h4", "To reproduce"), copy, class_="heading"),
        tag("pre", tag("code", "\n".join(command(run) for run in row.runs)), tabindex=0),
        tag("h4", f"{count(len(row.runs), 'run')}, {row.which} checkpoint"),
        tag("div", runs_table(row), class_="scroller", role="region", tabindex=0, aria_label=f"Runs of {label}"),
    )


def published(row: Row) -> Markup:
    assert row.published is not None
    experiment = row.published.experiment
    return join(
        tag("p", f"Published, not measured here, and so not ranked. {row.published.source}"),
        tag("p", "The recipe that is meant to reach it: ", tag("code", f"experiment={experiment}")),
    )


def runs_table(row: Row) -> Markup:
    """Every number of every run of the row, and where it comes from."""
    names = list(dict.fromkeys(name for run in row.runs for name in run.scores(row.which)))
    heads = ["seed", *names, "step", "time", "device", "commit", "config", "folder"]
    head = tag("tr", *(tag("th", text, scope="col") for text in heads))
    body = [tag("tr", *(tag("td", text) for text in run_cells(run, row.which, names))) for run in row.runs]
    return tag("table", tag("thead", head), tag("tbody", *body), class_="runs")


def run_cells(run: Run, which: str, names: Sequence[str]) -> list[str]:
    record = run.record
    reached = record.best if which == "best" else record.last
    metrics = reached.metrics if reached else {}
    numbers = ["not finite" if metrics.get(name, 0) is None else shown(metrics.get(name)) for name in names]
    step = f"{reached.step:,}" if reached else MISSING
    commit = f"{record.commit[:10]}{' with changes' if record.dirty else ''}" if record.commit else MISSING
    return [
        str(record.seed),
        *numbers,
        step,
        duration(record.seconds),
        record.device,
        commit,
        record.config_hash,
        str(run.run_dir),
    ]


def shown(value: float | None) -> str:
    return MISSING if value is None else f"{value:.6g}"
