"""The page as one string that needs no other file and no other host."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from gansmith.results.page.board import board_html, board_id, plain, read_pictures, row_keys
from gansmith.results.page.curves import read_curves
from gansmith.results.page.markup import Markup, join, tag
from gansmith.results.page.pictures import bytes_each
from gansmith.results.page.words import count

if TYPE_CHECKING:
    from gansmith.results.leaderboard import Board, Run
    from gansmith.results.published import Published

FOLDER = files("gansmith.results.page")
SCRIPTS = ("charts", "curves", "cost", "table", "viewer", "address", "board")  # in the order they need each other


def render(
    boards: Sequence[Board], runs: Sequence[Run], published: Sequence[Published], problems: Sequence[str]
) -> str:
    """The leaderboard as one HTML file: tables, charts, sample grids, commands.

    Everything is inside: style, script, pictures (as small WebP) and curves (thinned). A policy in the head lets the
    browser load nothing else and run no other script. The same arguments and files give the same bytes.

    Args:
        boards: one table each, in this order.
        runs: all runs that were read; their folders are looked into for sample grids and metrics.jsonl.
        published: reference numbers; those that no board shows come in a list of their own.
        problems: a line for each file that could not be read.
    """
    pictures = read_pictures(runs, bytes_each(len(runs)))
    style, script = style_text(), script_text()
    body = join(
        contents(boards, len(runs)),
        *(board_html(board, pictures) for board in boards),
        references(boards, published),
        unread(problems),
    )
    template = Template((FOLDER / "page.html").read_text(encoding="utf-8"))
    page = template.substitute(
        style=style,
        script=script,
        style_hash=digest(style),
        script_hash=digest(script),
        body=body,
        data=embed({board_id(board): curves(board) for board in boards}),
    )
    # Names of folders may hold bytes that are no text.
    return page.encode("utf-8", "replace").decode("utf-8")


def style_text() -> str:
    return (FOLDER / "page.css").read_text(encoding="utf-8")


def script_text() -> str:
    """The files of script/ as one strict function, so that nothing becomes a global name."""
    parts = [(FOLDER / "script" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


def digest(text: str) -> str:
    """What a content security policy calls an inline script or style that may be used."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


def embed(value: Any) -> str:
    """JSON that can't end the element it stands in."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def curves(board: Board) -> dict[str, list[dict[str, Any]]]:
    """By row, each of its runs' seed and curves."""
    return {
        key: [{"seed": run.record.seed, "series": read_curves(run.run_dir / "metrics.jsonl")} for run in row.runs]
        for key, row in zip(row_keys(board), board.rows, strict=True)
        if row.runs
    }


def contents(boards: Sequence[Board], runs: int) -> Markup:
    """What there is, and who leads where."""
    if not boards:
        return tag("p", "No finished runs here yet.", class_="lead")
    lead = f"{count(runs, 'run')} on {count(len(boards), 'board')}. Only rows of one protocol are ranked together."
    items = []
    for board in boards:
        several = sum(row.rank is not None for row in board.rows) > 1
        leader = next((row.model for row in board.rows if several and row.rank == 1), None)
        link = tag("a", f"{board.data} {board.resolution} px, {board.protocol_name}", href=f"#{board_id(board)}")
        items.append(tag("li", link, tag("span", f" {leader} leads", class_="aside") if leader else ""))
    return join(tag("p", lead, class_="lead"), tag("nav", tag("ul", *items), aria_label="Boards"))


def references(boards: Sequence[Board], published: Sequence[Published]) -> Markup:
    """Published numbers that no board has runs to put beside."""
    shown = {origin(row.published) for board in boards for row in board.rows if row.published}
    others = [item for item in published if origin(item) not in shown]
    if not others:
        return Markup()
    names = ("model", "metric", "value", "data", "resolution", "protocol", "source")
    head = tag("tr", *(tag("th", name, scope="col") for name in names))
    rows = [tag("tr", *(tag("td", plain(getattr(item, name))) for name in names)) for item in others]
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="plain")
    return tag(
        "section",
        tag("h2", "Published numbers"),
        tag("p", "Under protocols, or on data, that no run here has.", class_="note"),
        tag("div", table, class_="scroller", role="region", tabindex=0, aria_label="Published numbers"),
        class_="references",
    )


def origin(item: Published) -> tuple[str, ...]:
    """What the numbers have in common that a board shows as one row."""
    return item.model, item.source, item.data, item.protocol


def unread(problems: Sequence[str]) -> Markup:
    if not problems:
        return Markup()
    lines = tag("ul", *(tag("li", line) for line in problems))
    return tag("details", tag("summary", f"{count(len(problems), 'file')} left out"), lines, class_="problems")
