"""Words for layers and spaces."""

import pytest

from gansmith.errors import ConfigError
from gansmith.walks.settings import WORDS, chosen_layers, chosen_space


@pytest.mark.parametrize("count", [3, 4, 8, 18])
def test_coarse_middle_and_fine_are_all_layers_in_their_order(count):
    parts = [chosen_layers(word, count) for word in WORDS]
    assert [*parts[0], *parts[1], *parts[2]] == chosen_layers("all", count) == list(range(count))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_layers_can_be_counted_from_zero():
    assert chosen_layers("2-4", 8) == [2, 3, 4]
    assert chosen_layers(7, 8) == chosen_layers("7", 8) == [7]
    for wrong in ("4-2", "0-8", "8", "coarsest", "-1"):
        with pytest.raises(ConfigError, match=f"layers={wrong}: take all, coarse, middle, fine, or some of 0-7"):
            chosen_layers(wrong, 8)


def test_the_first_space_is_taken_where_none_is_asked_for():
    assert chosen_space(None, ("w", "z"), "stylegan2") == "w"
    assert chosen_space("z", ("w", "z"), "stylegan2") == "z"
    with pytest.raises(ConfigError, match="space=x: model=stylegan2 has w, z here"):
        chosen_space("x", ("w", "z"), "stylegan2")
