"""Captions, read back by an independent reader, say what their statements say; and that is true of the scene."""

import re
from collections import Counter

import pytest

from gansmith.data.captioned.scenes import words_en, words_zh
from gansmith.data.captioned.scenes.palette import COLOURS
from gansmith.data.captioned.scenes.shapes import SHAPES
from gansmith.data.captioned.scenes.source import DETAILS, SceneSet
from gansmith.data.captioned.scenes.where import position, relation

NUMBER = 400

ENGLISH = re.compile(
    r"\b(an?) (?:(small|little|large|big) )?(red|green|blue|yellow|purple|orange) (circle|square|triangle|cross)"
    r"(?: (?:on|at|in) the ((?:top|bottom|left|right|centre|middle)(?: left| right)?)(?: side| corner)?)?"
)
RELATED = re.compile(r"(left of|right of|above|below|under) an? ")


@pytest.fixture(scope="module", params=["train", "test"])
def scenes(request):
    found = SceneSet(request.param, NUMBER, 16, ["en", "zh"], seed=3)
    return [found.scene(index) for index in range(NUMBER)]


def said(scenes, language):
    """Scene, caption and statements of one language."""
    for scene in scenes:
        for caption, statements in zip(scene.captions, scene.statements, strict=True):
            if caption.isascii() == (language == "en"):
                yield scene, caption, statements


def test_every_scene_is_told_in_several_ways_and_in_both_languages(scenes):
    for scene in scenes:
        assert len(set(scene.captions)) == len(scene.captions)
        assert {caption.isascii() for caption in scene.captions} == {True, False}
    in_english = Counter(len([caption for caption in scene.captions if caption.isascii()]) for scene in scenes)
    assert set(in_english) <= {1, 2, 3, 4}
    assert in_english[4] + in_english[3] > 0.8 * NUMBER


def test_statements_are_true_and_name_every_shape_once(scenes):
    for scene, _, statements in said(scenes, "en"):
        by_name = {(thing.colour, thing.shape): thing for thing in scene.things}
        things = [by_name.pop((statement.colour, statement.shape)) for statement in statements.shapes]
        assert not by_name
        for statement, thing in zip(statements.shapes, things, strict=True):
            assert statement.size in (None, thing.size)
            assert statement.position in (None, position(thing.centre))
        for stated in statements.relations:
            assert relation(things[stated.first].centre, things[stated.second].centre) == stated.name


def test_english_says_what_is_stated_and_no_more(scenes):
    sizes = {"": None, "small": "small", "little": "small", "large": "large", "big": "large"}
    names = {"left of": "left", "right of": "right", "above": "above", "below": "below", "under": "below"}
    for _, caption, statements in said(scenes, "en"):
        read = ENGLISH.findall(caption)
        assert [(colour, shape) for _, _, colour, shape, _ in read] == [(s.colour, s.shape) for s in statements.shapes]
        assert [sizes[size] for _, size, *_ in read] == [s.size for s in statements.shapes]
        places = [place.replace("middle", "centre") or None for *_, place in read]
        assert places == [s.position for s in statements.shapes]
        assert [names[name] for name in RELATED.findall(caption)] == [r.name for r in statements.relations]
        for article, size, colour, _, _ in read:
            assert article == ("an" if (size or colour) == "orange" else "a")


def test_chinese_names_every_shape_and_place(scenes):
    colours, shapes = words_zh.COLOURS, words_zh.SHAPES
    for _, caption, statements in said(scenes, "zh"):
        assert Counter(re.findall("|".join(colours.values()), caption)) == Counter(
            colours[s.colour] for s in statements.shapes
        )
        for statement in statements.shapes:
            assert re.search(f"{colours[statement.colour]}的?[小大]?({'|'.join(shapes[statement.shape])})", caption)
            if statement.position is not None:
                words = "|".join(words_zh.POSITIONS[statement.position])
                assert re.search(f"({words})有一个(小的|大的)?{colours[statement.colour]}", caption)
        assert caption.count("小") == sum(s.size == "small" for s in statements.shapes)
        assert caption.count("大") == sum(s.size == "large" for s in statements.shapes)
        for stated in statements.relations:
            assert re.search(f"在.*的({'|'.join(words_zh.RELATIONS[stated.name])})", caption)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_sizes_places_and_relations_are_all_said_often_and_colours_always(scenes, language):
    statements = [statements for _, _, statements in said(scenes, language)]
    shapes = [shape for one in statements for shape in one.shapes]
    assert 0.3 < sum(shape.size is not None for shape in shapes) / len(shapes) < 0.7
    assert sum(shape.position is not None for shape in shapes) / len(shapes) > 0.15
    assert sum(bool(one.relations) for one in statements) / len(statements) > 0.1


def test_the_first_caption_is_plain(scenes):
    assert DETAILS[0] == (False, False)
    for scene in scenes:
        first = scene.statements[0]
        assert not first.relations
        assert all(shape.size is shape.position is None for shape in first.shapes)


def test_there_are_words_for_everything():
    assert set(words_zh.COLOURS) == set(COLOURS)
    assert set(words_zh.SHAPES) == set(SHAPES)
    assert set(words_en.POSITIONS) == set(words_zh.POSITIONS)
    assert set(words_en.RELATIONS) == set(words_zh.RELATIONS)
