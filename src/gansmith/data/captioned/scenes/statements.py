"""What a caption says, apart from the words it says it with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """What is said of one shape.

    colour, shape: names in `COLOURS` and `SHAPES`.
    size: small or large, or None where nothing is said.
    position: such as "left", "top left" or "centre", or None where nothing is said.
    """

    colour: str
    shape: str
    size: str | None = None
    position: str | None = None


@dataclass(frozen=True)
class Relation:
    """Shape `first` stands `name` ("left", "right", "above" or "below") of shape `second`: places in the statements."""

    first: int
    name: str
    second: int


@dataclass(frozen=True)
class Statements:
    """All that a caption says; it names every shape of its scene.

    shapes: in the order in which they are named.
    relations: between them.
    """

    shapes: tuple[Statement, ...]
    relations: tuple[Relation, ...] = ()
