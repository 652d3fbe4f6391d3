"""Scenes in English."""

from __future__ import annotations

from random import Random

from gansmith.data.captioned.scenes.draws import pick
from gansmith.data.captioned.scenes.statements import Statement, Statements

SIZES = {"small": ("small", "little"), "large": ("large", "big")}

POSITIONS = {
    "left": ("on the left", "on the left side"),
    "right": ("on the right", "on the right side"),
    "top": ("at the top",),
    "bottom": ("at the bottom",),
    "centre": ("in the centre", "in the middle"),
    "top left": ("in the top left corner", "at the top left"),
    "top right": ("in the top right corner", "at the top right"),
    "bottom left": ("in the bottom left corner", "at the bottom left"),
    "bottom right": ("in the bottom right corner", "at the bottom right"),
}

RELATIONS = {
    "left": ("left of", "to the left of"),
    "right": ("right of", "to the right of"),
    "above": ("above",),
    "below": ("below", "under"),
}

FRAMES = {
    1: ("{}", "{}", "there is {}", "a picture of {}", "a single shape: {}"),
    2: ("{}", "{}", "there are two shapes, {}", "a picture of {}", "two shapes: {}"),
    3: ("{}", "{}", "there are three shapes, {}", "a picture of {}", "three shapes: {}"),
}

RELATED = ("{0} {1} {2}", "{0} is {1} {2}", "there is {0} {1} {2}")


def phrase(statements: Statements, chance: Random) -> str:
    """A caption that says this and no more."""
    nouns = [_noun(statement, chance) for statement in statements.shapes]
    if not statements.relations:
        listed = " and ".join(filter(None, (", ".join(nouns[:-1]), nouns[-1])))
        return pick(FRAMES[len(nouns)], chance).format(listed)
    related = statements.relations[0]
    words = pick(RELATIONS[related.name], chance)
    others = [noun for place, noun in enumerate(nouns) if place not in (related.first, related.second)]
    sentence = pick(RELATED, chance).format(nouns[related.first], words, nouns[related.second])
    return sentence + "".join(f", and there is {noun}" for noun in others)


def _noun(statement: Statement, chance: Random) -> str:
    size = "" if statement.size is None else pick(SIZES[statement.size], chance) + " "
    words = f"{size}{statement.colour} {statement.shape}"
    place = "" if statement.position is None else " " + pick(POSITIONS[statement.position], chance)
    return f"{'an' if words.startswith('o') else 'a'} {words}{place}"
