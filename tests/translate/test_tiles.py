"""Tiles of one axis cover it, meet inside what both see, and join to what the whole would be."""

import itertools

import numpy as np
import pytest

from gansmith.errors import ConfigError
from gansmith.translate.tiles import join, spans

GRIDS = [
    (length, tile, overlap, multiple)
    for length, tile, overlap, multiple in itertools.product(
        [1, 7, 16, 17, 31, 33, 64, 97, 150, 151], [1, 2, 8, 16, 24, 30], [0, 1, 2, 5, 8, 12], [1, 2, 4, 16]
    )
    if 2 * overlap <= tile
]


def test_shares_of_neighbours_add_up_to_one():
    for grid in GRIDS:
        for scale in (1, 3):
            total = np.zeros(grid[0] * scale)
            for span in spans(*grid):
                total[scale * span.begin : scale * span.end] += span.weights(scale)
            np.testing.assert_allclose(total, 1, atol=1e-6, err_msg=str(grid))


def test_what_is_used_lies_half_the_overlap_inside_what_is_seen():
    for grid in GRIDS:
        length, _, overlap, _ = grid
        for span in spans(*grid):
            assert span.begin == span.start == 0 or span.begin - span.start >= overlap // 2, grid
            assert span.end == span.stop == length or span.stop - span.end >= overlap // 2, grid


def test_a_network_sees_whole_multiples_in_the_phase_of_the_whole_picture():
    for grid in GRIDS:
        length, tile, overlap, multiple = grid
        size = -(-tile // multiple) * multiple
        for span in spans(*grid):
            assert span.stop - span.start <= size
            assert (span.stop - span.start) % multiple == 0 or span.stop == length
            if size - 2 * (overlap // 2) - overlap // 4 >= multiple:
                assert span.start % multiple == 0, grid


def test_a_picture_within_a_tile_or_without_tiles_is_whole():
    for tile in (0, 40, 41):
        (span,) = spans(40, tile, 10, 1)
        assert (span.start, span.stop, span.begin, span.end) == (0, 40, 0, 40)


@pytest.mark.parametrize(("tile", "overlap"), [(-1, 0), (16, 9), (16, -1)])
def test_values_that_do_not_work_are_named(tile, overlap):
    with pytest.raises(ConfigError, match="tile=-1" if tile < 0 else f"overlap={overlap}"):
        spans(100, tile, overlap, 1)


def test_neighbours_that_differ_are_cross_faded():
    columns = spans(38, 24, 8, 1)
    (stripe,) = join(spans(4, 0, 0, 1), columns, (np.full((1, 4, 24), value, np.float32) for value in (0, 1)), 1)
    line = stripe[0, 0]
    assert set(np.diff(line)) == {0, 0.25, 0.5}
    assert np.all(np.diff(line) >= 0)
    assert (line[0], line[-1]) == (0, 1)


def test_stripes_come_as_soon_as_their_tiles_are_there():
    rows, columns = spans(60, 24, 8, 1), spans(60, 24, 8, 1)
    taken = []

    def outputs():
        for row, column in itertools.product(rows, columns):
            taken.append(row)
            yield np.ones((1, row.stop - row.start, column.stop - column.start), np.float32)

    stripes = join(rows, columns, outputs(), 1)
    assert taken == []
    top = 0
    for number, stripe in enumerate(stripes, start=1):
        assert len(taken) == number * len(columns)
        top += stripe.shape[1]
        assert top == (rows[number].begin if number < len(rows) else 60)
