"""How much of what a caption says is right of the picture that was drawn for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from gansmith.data.captioned.scenes.find import Found, find
from gansmith.data.captioned.scenes.statements import Statement, Statements
from gansmith.data.captioned.scenes.where import is_at, is_related

__all__ = ["KINDS", "Counts", "Found", "find", "judge"]

KINDS = ("colour", "shape", "size", "position", "relation", "count", "all")
"""What is counted.

colour: a thing of that colour is there, one for each that is named.
shape, size, position: that thing has them.
relation: both things are there, and stand so.
count: as many things as are named.
all: captions of which everything is right.
"""

MOST = 6
"""Smaller things than so many are matched with nothing."""


@dataclass(frozen=True)
class Counts:
    """Statements by kind: how many there were, and how many were right; counts add up."""

    said: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.said + other.said, self.right + other.right)

    @property
    def accuracies(self) -> dict[str, float]:
        """The share that was right, in [0, 1], of every kind that was said at all."""
        return {kind: self.right[kind] / self.said[kind] for kind in KINDS if self.said[kind]}


def judge(found: Sequence[Found], statements: Statements) -> Counts:
    """What is right of a caption, given the things that a picture shows.

    The shapes that are named are matched to things, one to one, so that the most is right.
    """
    things: list[Found | None] = [*found[:MOST], *[None] * len(statements.shapes)]
    matches = permutations(things, len(statements.shapes))
    right = max((_right(match, statements) for match in matches), key=Counter.total)
    said = _said(statements)
    if len(found) == len(statements.shapes):
        right["count"] += 1
    if right == said:
        right["all"] += 1
    return Counts(said + Counter(all=1), right)


def _said(statements: Statements) -> Counter[str]:
    kinds = Counter(count=1, relation=len(statements.relations))
    for statement in statements.shapes:
        kinds.update(_kinds(statement))
    return +kinds


def _kinds(statement: Statement) -> Iterable[str]:
    yield from ("colour", "shape")
    if statement.size is not None:
        yield "size"
    if statement.position is not None:
        yield "position"


def _right(things: Sequence[Found | None], statements: Statements) -> Counter[str]:
    """What is right if each shape that is named is the thing in its place."""
    right: Counter[str] = Counter()
    for statement, thing in zip(statements.shapes, things, strict=True):
        if thing is None or thing.colour != statement.colour:
            continue
        right["colour"] += 1
        right["shape"] += thing.shape == statement.shape
        right["size"] += thing.size == statement.size
        right["position"] += statement.position is not None and is_at(thing.centre, statement.position)
    for relation in statements.relations:
        first, second = things[relation.first], things[relation.second]
        if first is None or second is None:
            continue
        are_named = (first.colour, second.colour) == tuple(
            statements.shapes[place].colour for place in (relation.first, relation.second)
        )
        right["relation"] += are_named and is_related(first.centre, second.centre, relation.name)
    return +right
