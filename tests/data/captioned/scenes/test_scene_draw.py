"""Drawing: areas and centres are those of geometry, edges are shares of a pixel, the resolution is free."""

import numpy as np
import pytest

from gansmith.data.captioned.scenes.draw import coverage, masks, paint
from gansmith.data.captioned.scenes.layout import lay_out
from gansmith.data.captioned.scenes.palette import RGB
from gansmith.data.captioned.scenes.shapes import SHAPES


def drawn(shape, centre=(0.5, 0.5), side=0.5, resolution=64):
    """The coverage of one shape on a whole picture."""
    first, covered = coverage(np.array([shape]), np.array([centre]), np.array([side]), resolution)
    canvas = np.zeros((2 * resolution, 2 * resolution))
    (left, top), width = first[0], covered.shape[-1]
    canvas[top : top + width, left : left + width] = covered[0]
    return canvas[:resolution, :resolution]


@pytest.mark.parametrize(("number", "shape"), enumerate(SHAPES.values()), ids=SHAPES)
def test_area_and_centre_of_mass_are_those_of_the_shape(number, shape):
    picture = drawn(number, centre=(0.43, 0.61), side=0.5)
    assert picture.mean() == pytest.approx(shape.area * 0.25, rel=0.02)
    pixels = (np.arange(64) + 0.5) / 64
    assert picture.sum(axis=0) @ pixels / picture.sum() == pytest.approx(0.43, abs=0.002)
    assert picture.sum(axis=1) @ pixels / picture.sum() == pytest.approx(0.61 + 0.5 * shape.drop, abs=0.002)


def test_a_square_is_known_in_closed_form():
    picture = drawn(list(SHAPES).index("square"), centre=(8.25 / 16, 8 / 16), side=4 / 16, resolution=16)
    expected = np.zeros((16, 16))
    expected[6:10, 6:11] = [0.75, 1, 1, 1, 0.25]
    assert picture == pytest.approx(expected)


def test_shapes_look_as_they_are_called():
    square, circle, triangle, cross = (
        drawn(list(SHAPES).index(name)) for name in ("square", "circle", "triangle", "cross")
    )
    corner, top, side = np.s_[17, 17], np.s_[17, 32], np.s_[32, 17]
    assert [shape[corner] > 0.5 for shape in (square, circle, triangle, cross)] == [True, False, False, False]
    assert [shape[top] > 0.5 for shape in (square, circle, cross)] == [True, True, True]
    assert [shape[side] > 0.5 for shape in (square, circle, triangle, cross)] == [True, True, False, True]
    widths = (triangle > 0.5).sum(axis=1)[16:48]
    assert (np.diff(widths) >= 0).all()
    assert widths[-1] > 30


@pytest.mark.parametrize("resolution", [16, 25, 32, 100])
def test_pictures_are_colours_on_grey_at_any_resolution(resolution):
    layouts = lay_out(0, "train", 50)
    pictures = paint(layouts, np.arange(50), resolution)
    assert (pictures.shape, pictures.dtype) == ((50, 3, resolution, resolution), np.uint8)
    for index, picture in enumerate(pictures):
        assert (picture[:, 0, 0] == layouts.background[index]).all()
        inside = masks(layouts, index, resolution)
        for place, mask in enumerate(inside):
            colour = RGB[layouts.colour[index, place]]
            assert np.linalg.norm(picture[:, mask] - colour[:, None], axis=0).min() < (60 if resolution < 32 else 1)
        assert (inside.sum(axis=0) <= 1).all()


def test_a_picture_is_the_same_alone_and_in_any_batch():
    layouts = lay_out(0, "test", 30)
    whole = paint(layouts, np.arange(30), 32)
    assert np.array_equal(paint(layouts, np.array([17]), 32)[0], whole[17])
    assert np.array_equal(paint(layouts, np.array([29, 3, 3]), 32), whole[[29, 3, 3]])


def test_resolutions_show_the_same_scene():
    """Averaged over 2 × 2, a picture is that of half the resolution up to rounding and the finer points."""
    layouts = lay_out(0, "train", 20)
    fine = paint(layouts, np.arange(20), 64).reshape(20, 3, 32, 2, 32, 2).mean(axis=(3, 5))
    assert abs(fine - paint(layouts, np.arange(20), 32)).mean() < 0.5
