import pytest

from gansmith.data.match import match
from gansmith.errors import DataError

PLACES = ("low", "high")


def test_names_match_but_for_their_ending_whatever_the_order():
    assert match(["b.jpg", "deep/a.png"], ["deep/a.jpg", "b.png"], PLACES) == [
        ("b.jpg", "b.png"),
        ("deep/a.png", "deep/a.jpg"),
    ]


@pytest.mark.parametrize("small", ["img_x4.png", "imgx4.png", "imgX4.png", "img.png"])
def test_a_smaller_picture_may_have_the_scale_in_its_name(small):
    assert match([small], ["img.png"], PLACES, scale=4) == [(small, "img.png")]


def test_a_name_that_only_looks_like_a_scale_is_a_name():
    assert match(["max2.png", "b_x4.png"], ["max2.png", "b_x4.png"], PLACES, scale=4) == [
        ("b_x4.png", "b_x4.png"),
        ("max2.png", "max2.png"),
    ]
    assert match(["a_x4.png"], ["a_x4.png"], PLACES) == [("a_x4.png", "a_x4.png")]


def test_another_scale_in_the_name_is_an_error():
    with pytest.raises(DataError, match=r"^low/img_x2\.png is 2 times smaller by its name, and data\.scale=4$"):
        match(["img_x2.png"], ["img.png"], PLACES, scale=4)


def test_a_missing_partner_is_named_on_either_side():
    with pytest.raises(DataError, match=r"^low/c\.png has no partner of its name in high$"):
        match(["a.png", "c.png"], ["a.png"], PLACES)
    with pytest.raises(DataError, match=r"^high/b\.png has no partner of its name in low \(nor have 1 more\)$"):
        match(["a.png"], ["a.png", "b.png", "c.png"], PLACES)


def test_two_files_of_one_name_are_an_error():
    with pytest.raises(DataError, match=r"^high: a\.jpg and a\.png have one name"):
        match(["a.png"], ["a.jpg", "a.png"], PLACES)
    with pytest.raises(DataError, match=r"^low: a\.png and a_x4\.png have one name"):
        match(["a.png", "a_x4.png"], ["a.png"], PLACES, scale=4)
