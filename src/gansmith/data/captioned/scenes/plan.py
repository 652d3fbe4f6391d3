"""Which true things a caption says of a scene."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from gansmith.data.captioned.scenes.draws import pick
from gansmith.data.captioned.scenes.scene import Thing
from gansmith.data.captioned.scenes.statements import Relation, Statement, Statements
from gansmith.data.captioned.scenes.where import position, relation


def plan(things: Sequence[Thing], chance: Random, sizes: bool, places: bool) -> Statements:
    """Colour and shape of everything, in random order.

    sizes: say how large each shape is.
    places: say how one stands to another, or where they stand, as far as that is clear.
    """
    order = sorted(things, key=lambda _: chance.random())
    clear = [
        (first, name, second)
        for first in order
        for second in order
        if first is not second and (name := relation(first.centre, second.centre)) is not None
    ]
    relations: tuple[Relation, ...] = ()
    if places and clear and chance.random() < 0.6:
        first, name, second = pick(clear, chance)
        order = [first, second, *(thing for thing in order if thing not in (first, second))]
        relations = (Relation(0, name, 1),)
    placed = places and not relations
    shapes = tuple(
        Statement(
            thing.colour,
            thing.shape,
            thing.size if sizes else None,
            position(thing.centre) if placed else None,
        )
        for thing in order
    )
    return Statements(shapes, relations)
