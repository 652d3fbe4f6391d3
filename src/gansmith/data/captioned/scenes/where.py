"""Where shapes stand: what can be said without doubt, and what an oracle takes for right.

The two differ on purpose: a caption says only what nobody would argue about, and is right up to half way to the
next thing that could have been said.
"""

from __future__ import annotations

CLEAR, MIDDLE = 0.32, 0.08
"""A shape stands left if its centre is at most `CLEAR` across, and in the middle within `MIDDLE` of 1/2."""

BETWEEN = 0.37
"""Where an oracle parts left from the middle: between what is clearly one and clearly the other."""

NEAREST = 0.25
"""Of two shapes one is left of the other if the centres are at least this far apart across, ..."""

SLOPE = 2 / 3
"""... and down at most this share of it."""

Point = tuple[float, float]

COLUMNS, ROWS = ("left", "centre", "right"), ("top", "centre", "bottom")


def position(centre: Point) -> str | None:
    """Where a shape clearly stands: "left", "top left", "centre", ..., or None where one could argue about it.

    What is only said of the column, such as "left", leaves the row open.
    """
    column, row = (_clearly(share, names) for share, names in zip(centre, (COLUMNS, ROWS)))
    if column == "centre" or row == "centre":
        others = [name for name in (row, column) if name != "centre"]
        return others[0] if others else "centre"
    return " ".join(name for name in (row, column) if name) or None


def is_at(centre: Point, position: str) -> bool:
    """Whether a shape stands where a position says, with the doubtful places given to the nearer one."""
    column, row = (_nearest(share, names) for share, names in zip(centre, (COLUMNS, ROWS)))
    if position == "centre":
        return column == row == "centre"
    return all(word in (column, row) for word in position.split())


def relation(first: Point, second: Point) -> str | None:
    """How the first of two shapes clearly stands to the second: "left", "right", "above", "below", or None."""
    across, down = second[0] - first[0], second[1] - first[1]
    if abs(across) >= NEAREST and abs(down) <= SLOPE * abs(across):
        return "left" if across > 0 else "right"
    if abs(down) >= NEAREST and abs(across) <= SLOPE * abs(down):
        return "above" if down > 0 else "below"
    return None


def is_related(first: Point, second: Point, relation: str) -> bool:
    """Whether a relation holds between two shapes, with the doubtful places given to the nearer one."""
    across, down = second[0] - first[0], second[1] - first[1]
    distance, other = {
        "left": (across, down),
        "right": (-across, down),
        "above": (down, across),
        "below": (-down, across),
    }[relation]
    return distance > abs(other)


def _clearly(share: float, names: tuple[str, str, str]) -> str | None:
    if abs(share - 0.5) <= MIDDLE:
        return names[1]
    if min(share, 1 - share) > CLEAR:
        return None
    return names[0] if share < 0.5 else names[2]


def _nearest(share: float, names: tuple[str, str, str]) -> str:
    if min(share, 1 - share) >= BETWEEN:
        return names[1]
    return names[0] if share < 0.5 else names[2]
