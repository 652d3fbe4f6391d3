"""Scenes in Chinese."""

from __future__ import annotations

from random import Random

from gansmith.data.captioned.scenes.draws import pick
from gansmith.data.captioned.scenes.statements import Statement, Statements

COLOURS = {"red": "红色", "green": "绿色", "blue": "蓝色", "yellow": "黄色", "purple": "紫色", "orange": "橙色"}

SHAPES = {
    "circle": ("圆形", "圆"),
    "square": ("正方形", "方块"),
    "triangle": ("三角形",),
    "cross": ("十字", "十字形"),
}

SIZES = {"small": "小", "large": "大"}

NOUNS = ("一个{colour}的{size}{shape}", "一个{size_of}{colour}{shape}")

POSITIONS = {
    "left": ("左边", "左侧"),
    "right": ("右边", "右侧"),
    "top": ("上方", "顶部"),
    "bottom": ("下方", "底部"),
    "centre": ("中间", "中央"),
    "top left": ("左上角",),
    "top right": ("右上角",),
    "bottom left": ("左下角",),
    "bottom right": ("右下角",),
}

RELATIONS = {
    "left": ("左边", "左侧"),
    "right": ("右边", "右侧"),
    "above": ("上方", "上面"),
    "below": ("下方", "下面"),
}

FRAMES = ("{}", "{}", "图中有{}", "画面上有{}")


def phrase(statements: Statements, chance: Random) -> str:
    """A caption that says this and no more."""
    nouns = [_noun(statement, chance) for statement in statements.shapes]
    if statements.relations:
        related = statements.relations[0]
        place = pick(RELATIONS[related.name], chance)
        others = [noun for number, noun in enumerate(nouns) if number not in (related.first, related.second)]
        sentence = f"{nouns[related.first]}在{nouns[related.second]}的{place}"
        return sentence + "".join(f"，还有{noun}" for noun in others)
    places = [_place(statement, chance) for statement in statements.shapes]
    if any(places):
        # What has a place comes first: "还有" would say of the rest that it is there too.
        clauses = sorted(zip(places, nouns), key=lambda clause: not clause[0])
        return "，".join(f"{place or '还'}有{noun}" for place, noun in clauses)
    return pick(FRAMES, chance).format("和".join(filter(None, ("、".join(nouns[:-1]), nouns[-1]))))


def _noun(statement: Statement, chance: Random) -> str:
    size = "" if statement.size is None else SIZES[statement.size]
    return pick(NOUNS, chance).format(
        colour=COLOURS[statement.colour],
        shape=pick(SHAPES[statement.shape], chance),
        size=size,
        size_of=size and f"{size}的",
    )


def _place(statement: Statement, chance: Random) -> str:
    return "" if statement.position is None else pick(POSITIONS[statement.position], chance)
