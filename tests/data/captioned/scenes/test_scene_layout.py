"""Layouts: nothing overlaps, held-out combinations are held out, and a scene depends on its place alone."""

from itertools import combinations

import numpy as np
import pytest

from gansmith.data.captioned.scenes.layout import GAP, HELD_OUT, MARGIN, lay_out
from gansmith.data.captioned.scenes.palette import COLOURS, RGB
from gansmith.data.captioned.scenes.shapes import SHAPES

SIZE = 9000


@pytest.fixture(scope="module", params=["train", "test"])
def split(request):
    return request.param


@pytest.fixture(scope="module")
def layouts(split):
    return lay_out(0, split, SIZE)


def boxes(layouts):
    half = layouts.side[..., None] / 2
    return np.concatenate([layouts.centre - half, layouts.centre + half], axis=2)


def pairs(layouts):
    """The (colour, shape) of every shape there is, and the scene it is in."""
    there = np.arange(3) < layouts.number[:, None]
    names = [
        (list(COLOURS)[colour], list(SHAPES)[shape])
        for colour, shape in zip(layouts.colour[there], layouts.shape[there], strict=True)
    ]
    return names, np.nonzero(there)[0]


def test_shapes_keep_their_distance_from_the_edge_and_from_one_another(layouts):
    for count, placed in zip(layouts.number, boxes(layouts), strict=True):
        assert placed[:count].min() >= MARGIN - 1e-6
        assert placed[:count].max() <= 1 - MARGIN + 1e-6
        for one, other in combinations(placed[:count], 2):
            apart = np.maximum(one[:2] - other[2:], other[:2] - one[2:])
            assert apart.max() >= GAP - 1e-6


def test_small_and_large_are_a_third_of_the_way_apart(layouts):
    assert layouts.side[~layouts.large].max() < 0.29
    assert layouts.side[layouts.large].min() > 0.38


def test_held_out_combinations_are_in_every_test_scene_and_in_no_training_scene(split, layouts):
    names, scenes = pairs(layouts)
    with_held_out = {scene for name, scene in zip(names, scenes, strict=True) if name in HELD_OUT}
    assert len(with_held_out) == {"train": 0, "test": SIZE}[split]
    assert set(names) - set(HELD_OUT) == {(c, s) for c in COLOURS for s in SHAPES} - set(HELD_OUT)


def test_every_shape_is_held_out_once_and_no_colour_twice():
    assert {shape for _, shape in HELD_OUT} == set(SHAPES)
    assert len({colour for colour, _ in HELD_OUT}) == len(HELD_OUT)


def test_what_is_not_held_out_comes_equally_often():
    names, _ = pairs(lay_out(0, "train", SIZE))
    frequencies = [names.count(name) / len(names) for name in set(names)]
    assert len(frequencies) == 20
    assert min(frequencies) > 0.04
    assert max(frequencies) < 0.06


def test_no_scene_shows_one_combination_twice(layouts):
    numbers = layouts.colour * len(SHAPES) + layouts.shape
    for count, row in zip(layouts.number, numbers, strict=True):
        assert len(set(row[:count])) == count


def test_one_two_and_three_shapes_of_which_at_most_one_is_large(layouts):
    assert np.bincount(layouts.number)[1:] / SIZE == pytest.approx([0.4, 0.4, 0.2], abs=0.03)
    assert layouts.large[layouts.number == 3].sum(axis=1).max() == 1


def test_shapes_stand_everywhere_and_neither_way_is_preferred(layouts):
    centres = layouts.centre[np.arange(3) < layouts.number[:, None]]
    assert centres.mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.01)
    assert centres.std(axis=0)[0] == pytest.approx(centres.std(axis=0)[1], abs=0.01)
    assert np.histogram2d(*centres.T, bins=3, range=[[0, 1]] * 2)[0].min() / len(centres) > 0.03


def test_a_scene_depends_on_seed_split_and_place_and_not_on_how_many_there_are(split, layouts):
    for whole, few in zip(layouts, lay_out(0, split, 40), strict=True):
        assert np.array_equal(whole[:40], few)
    other = lay_out(0, "test" if split == "train" else "train", 40)
    assert not np.array_equal(other.centre, layouts.centre[:40])
    assert not np.array_equal(lay_out(1, split, 40).centre, layouts.centre[:40])


def test_colours_are_far_from_one_another_and_from_every_background(layouts):
    for one, other in combinations(RGB, 2):
        assert np.linalg.norm(one - other) > 100
    greys = np.unique(layouts.background)[:, None, None]
    assert np.linalg.norm(RGB - greys, axis=2).min() > 100
    assert ((greys < 60) | (greys >= 200)).all()
