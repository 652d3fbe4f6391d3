"""A scene as one sees it: its shapes, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass

from gansmith.data.captioned.scenes.statements import Statements
from gansmith.data.captioned.scenes.where import Point


@dataclass(frozen=True)
class Thing:
    """One shape of a scene.

    colour, shape: names in `COLOURS` and `SHAPES`.
    size: small or large.
    box: left, top, right and bottom, as shares of the picture's side.
    """

    colour: str
    shape: str
    size: str
    box: tuple[float, float, float, float]

    @property
    def centre(self) -> Point:
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2


@dataclass(frozen=True)
class Scene:
    """What a picture shows, and what is said of it.

    things: its one to three shapes.
    background: its grey, 0 to 255.
    captions: what can be read about it.
    statements: what each caption says.
    """

    things: tuple[Thing, ...]
    background: int
    captions: tuple[str, ...]
    statements: tuple[Statements, ...]
