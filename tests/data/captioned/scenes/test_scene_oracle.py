"""The oracle: it reads real scenes without fault, sees through blur and noise, and counts what is said."""

from functools import reduce
from operator import add

import numpy as np
import pytest
import torch
from scipy import ndimage

from gansmith.data.captioned.scenes.oracle import KINDS, Counts, Found, find, judge
from gansmith.data.captioned.scenes.source import SceneSet
from gansmith.data.captioned.scenes.statements import Relation, Statement, Statements

NUMBER = 120


def accuracies(scenes, pictures):
    things = find(pictures)
    said = (judge(things[i], statements) for i in range(len(pictures)) for statements in scenes.scene(i).statements)
    return reduce(add, said, Counts()).accuracies


def test_real_scenes_are_read_without_fault():
    for split in ("train", "test"):
        for resolution in (32, 64):
            scenes = SceneSet(split, NUMBER, resolution, ["en"], seed=1)
            found = accuracies(scenes, scenes.batch(torch.arange(NUMBER)))
            assert set(found) == set(KINDS)
            assert min(found.values()) > 0.99


def test_soft_noisy_and_pale_pictures_are_read_too():
    scenes = SceneSet("test", 60, 32, ["en"], seed=2)
    sharp = scenes.batch(torch.arange(60)).numpy().astype(float)
    soft = ndimage.gaussian_filter(sharp, (0, 0, 0.7, 0.7)) + np.random.default_rng(0).normal(0, 10, sharp.shape)
    pale = 128 + 0.8 * (sharp - 128)
    for changed in (soft, pale):
        found = accuracies(scenes, torch.from_numpy(changed.round().clip(0, 255).astype(np.uint8)))
        assert min(found.values()) > 0.95


def test_places_and_sides_are_found_to_a_part_of_a_pixel():
    scenes = SceneSet("train", 60, 32, ["en"], seed=2)
    for index, found in enumerate(find(scenes.batch(torch.arange(60)))):
        for thing in scenes.scene(index).things:
            same = [one for one in found if (one.colour, one.shape) == (thing.colour, thing.shape)]
            assert len(same) == 1
            assert same[0].centre == pytest.approx(thing.centre, abs=0.5 / 32)
            assert same[0].side == pytest.approx(thing.box[2] - thing.box[0], abs=1 / 32)


def test_nothing_is_found_where_nothing_is():
    assert find(torch.full((1, 3, 32, 32), 50, dtype=torch.uint8)) == [[]]
    noise = torch.randint(256, (5, 3, 32, 32), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    assert max(map(len, find(noise))) <= 1


def test_specks_are_overlooked_and_what_is_like_no_shape_has_none():
    picture = torch.full((3, 64, 64), 30, dtype=torch.uint8)
    red = torch.tensor([220, 30, 45], dtype=torch.uint8)[:, None, None]
    picture[:, 10:14, 10:14] = red
    assert find(picture[None]) == [[]]
    picture[:, 40:45, 4:60] = red
    (bar,) = find(picture[None])[0]
    assert (bar.colour, bar.shape) == ("red", None)


def thing(colour, shape, size="small", centre=(0.5, 0.5)):
    return Found(colour, shape, size, centre, 0.25, 1.0)


def test_what_is_right_is_counted_by_kind():
    statements = Statements(
        (Statement("red", "circle", "small", "left"), Statement("blue", "square", "large")), (Relation(0, "left", 1),)
    )
    found = [thing("red", "cross", "small", (0.2, 0.5)), thing("blue", "square", "small", (0.8, 0.5))]
    counts = judge(found, statements)
    assert counts.said == {"colour": 2, "shape": 2, "size": 2, "position": 1, "relation": 1, "count": 1, "all": 1}
    assert +counts.right == {"colour": 2, "shape": 1, "size": 1, "position": 1, "relation": 1, "count": 1}
    assert counts.accuracies["shape"] == 0.5
    assert counts.accuracies["all"] == 0


def test_exchanged_colours_are_colours_without_their_shapes():
    statements = Statements((Statement("red", "circle"), Statement("blue", "square")))
    counts = judge([thing("blue", "circle"), thing("red", "square")], statements)
    assert (counts.right["colour"], counts.right["shape"], counts.right["all"]) == (2, 0, 0)


def test_of_two_things_of_one_colour_the_one_that_is_meant_is_taken():
    statements = Statements((Statement("red", "circle"), Statement("red", "square")))
    assert judge([thing("red", "square"), thing("red", "circle")], statements).right["all"] == 1


def test_one_thing_is_not_counted_for_two_names():
    statements = Statements((Statement("red", "circle"), Statement("red", "square")))
    assert judge([thing("red", "circle")], statements).right == {"colour": 1, "shape": 1}


def test_a_thing_too_many_is_a_wrong_number_and_not_all():
    counts = judge([thing("red", "circle"), thing("green", "cross")], Statements((Statement("red", "circle"),)))
    assert counts.right == {"colour": 1, "shape": 1}


def test_nothing_found_is_nothing_right():
    counts = judge([], Statements((Statement("red", "circle", "small"),)))
    assert not counts.right
    assert counts.accuracies == {"colour": 0, "shape": 0, "size": 0, "count": 0, "all": 0}


def test_a_relation_the_other_way_round_is_wrong():
    statements = Statements((Statement("red", "circle"), Statement("blue", "square")), (Relation(0, "above", 1),))
    found = [thing("red", "circle", centre=(0.5, 0.8)), thing("blue", "square", centre=(0.5, 0.2))]
    assert judge(found, statements).right["relation"] == 0
