"""Places and relations: said where they are clear, and judged with room on all sides."""

import itertools

import pytest

from gansmith.data.captioned.scenes.where import is_at, is_related, position, relation

POINTS = list(itertools.product([k / 40 for k in range(6, 35)], repeat=2))


@pytest.mark.parametrize(
    ("centre", "expected"),
    [
        ((0.2, 0.2), "top left"),
        ((0.8, 0.2), "top right"),
        ((0.2, 0.8), "bottom left"),
        ((0.8, 0.8), "bottom right"),
        ((0.5, 0.5), "centre"),
        ((0.2, 0.5), "left"),
        ((0.5, 0.8), "bottom"),
        ((0.2, 0.37), "left"),
        ((0.37, 0.2), "top"),
        ((0.5, 0.37), None),
        ((0.37, 0.37), None),
    ],
)
def test_names_of_places(centre, expected):
    assert position(centre) == expected


def test_what_is_said_of_a_place_is_right_with_a_pixel_of_32_to_spare():
    for x, y in POINTS:
        if (said := position((x, y))) is not None:
            for dx, dy in itertools.product((-1 / 32, 0, 1 / 32), repeat=2):
                assert is_at((x + dx, y + dy), said)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0.2, 0.5), (0.8, 0.5), "left"),
        ((0.8, 0.5), (0.2, 0.5), "right"),
        ((0.5, 0.2), (0.6, 0.8), "above"),
        ((0.5, 0.8), (0.5, 0.3), "below"),
        ((0.2, 0.2), (0.8, 0.8), None),
        ((0.4, 0.5), (0.6, 0.5), None),
    ],
)
def test_names_of_relations(first, second, expected):
    assert relation(first, second) == expected


def test_relations_turn_with_the_pair_and_are_right_when_they_are_said():
    opposite = {"left": "right", "right": "left", "above": "below", "below": "above", None: None}
    for first, second in itertools.product(POINTS[::7], POINTS[::11]):
        said = relation(first, second)
        assert relation(second, first) == opposite[said]
        if said is not None:
            assert [name for name in ("left", "right", "above", "below") if is_related(first, second, name)] == [said]
