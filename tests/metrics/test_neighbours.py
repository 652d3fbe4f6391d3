"""The sheet shows each sample beside the training pictures that look most like it."""

import pytest
import torch

from gansmith.errors import DataError
from gansmith.metrics.neighbours import MARGIN, neighbour_sheet
from gansmith.metrics.protocol import Protocol

PROTOCOL = Protocol("test", resize=32, reference_samples=10)
ENLARGED, STEP = 64, 64 + MARGIN


@pytest.fixture
def training(digits, picture_set):
    return picture_set(digits[:60])


def tile(sheet: torch.Tensor, row: int, column: int) -> torch.Tensor:
    """Column 0 is the sample, as the digit of 8 pixels that was enlarged."""
    top, left = MARGIN + row * STEP, MARGIN + column * STEP + (MARGIN if column else 0)
    return sheet[:, top : top + ENLARGED : 8, left : left + ENLARGED : 8]


def test_copies_are_found_beside_their_originals(digits, training, tmp_path):
    """Also those that the protocol's subset of real pictures lacks."""
    sheet = neighbour_sheet(
        lambda i: digits[i + 40], training, PROTOCOL, device="cpu", cache_dir=tmp_path, count=4, neighbours=2
    )
    assert sheet.dtype == torch.uint8
    assert sheet.shape == (3, MARGIN + 4 * STEP, 2 * MARGIN + 3 * STEP)
    for row in range(4):
        assert torch.equal(tile(sheet, row, 0), digits[40 + row].expand(3, -1, -1))
        assert torch.equal(tile(sheet, row, 1), tile(sheet, row, 0))
        assert not torch.equal(tile(sheet, row, 2), tile(sheet, row, 0))


def test_pictures_of_another_size_are_shown_at_the_samples(digits, picture_set, tmp_path):
    large = picture_set(digits[:8].repeat_interleave(2, -1).repeat_interleave(2, -2))
    sheet = neighbour_sheet(lambda i: digits[i], large, PROTOCOL, device="cpu", cache_dir=tmp_path, count=2)
    assert sheet.shape == (3, MARGIN + 2 * STEP, 2 * MARGIN + 6 * STEP)


def test_leaves_the_random_state(digits, training, tmp_path):
    before = torch.get_rng_state()

    def careless(indices: torch.Tensor) -> torch.Tensor:
        return digits[indices + int(torch.rand(1) < 2)]

    neighbour_sheet(careless, training, PROTOCOL, device="cpu", cache_dir=tmp_path, count=2)
    assert torch.equal(torch.get_rng_state(), before)


def test_fewer_pictures_than_neighbours(digits, picture_set, tmp_path):
    few = picture_set(digits[:4])
    with pytest.raises(DataError, match="4 training pictures are too few to show 5 neighbours"):
        neighbour_sheet(lambda i: digits[i], few, PROTOCOL, device="cpu", cache_dir=tmp_path)
