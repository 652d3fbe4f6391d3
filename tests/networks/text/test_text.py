"""Rows of a Text, and one in the place of another."""

import pytest
import torch

from gansmith.networks.text.text import Text


def text(rows: int, length: int, seed: int) -> Text:
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, length + 1, (rows,), generator=generator)
    return Text(
        torch.randn(rows, length, 3, generator=generator),
        torch.arange(length) < lengths[:, None],
        torch.randn(rows, 3, generator=generator),
    )


def words(row: Text) -> torch.Tensor:
    """What is not padding."""
    return row.tokens[row.mask]


@pytest.mark.parametrize("rows", [slice(1, 3), [3, 0], torch.tensor([True, False, False, True])])
def test_rows_stay_together(rows):
    whole = text(4, 5, seed=0)
    numbers = torch.arange(4)[rows].tolist()
    assert len(whole[rows]) == len(numbers)
    for place, number in enumerate(numbers):
        assert torch.equal(whole[rows].tokens[place], whole.tokens[number])
        assert torch.equal(whole[rows].mask[place], whole.mask[number])
        assert torch.equal(whole[rows].pooled[place], whole.pooled[number])


def test_another_type_is_of_the_numbers_not_of_the_mask():
    double = text(2, 3, seed=0).to(torch.float64)
    assert double.tokens.dtype == double.pooled.dtype == torch.float64
    assert double.mask.dtype == torch.bool
    assert text(2, 3, seed=0).to("meta").mask.device.type == "meta"


@pytest.mark.parametrize(("mine", "theirs"), [(5, 2), (2, 5), (3, 3)])
def test_kept_captions_are_mine_and_the_others_theirs_whatever_the_lengths(mine, theirs):
    one, other, keep = text(4, mine, seed=0), text(4, theirs, seed=1), torch.tensor([True, False, True, False])
    mixed = one.where(keep, other)
    for row, is_kept in enumerate(keep):
        expected = (one if is_kept else other)[row : row + 1]
        assert torch.equal(words(mixed[row : row + 1]), words(expected))
        assert torch.equal(mixed.pooled[row], expected.pooled[0])


def test_a_single_caption_stands_in_for_all():
    one, empty = text(3, 2, seed=0), text(1, 4, seed=1)
    mixed = one.where(torch.tensor([False, True, False]), empty)
    for row in (0, 2):
        assert torch.equal(words(mixed[row : row + 1]), words(empty))
        assert torch.equal(mixed.pooled[row], empty.pooled[0])
    assert torch.equal(words(mixed[1:2]), words(one[1:2]))


def test_dropped_captions_get_no_gradient():
    one, empty = text(2, 3, seed=0), text(1, 3, seed=1)
    pooled = one.pooled.requires_grad_()
    one.where(torch.tensor([True, False]), empty).pooled.sum().backward()
    assert torch.equal(pooled.grad, torch.tensor([[1.0, 1, 1], [0, 0, 0]]))


@pytest.mark.parametrize(("mine", "theirs"), [(5, 2), (2, 5), (3, 3)])
def test_captions_stand_behind_others_whatever_the_lengths(mine, theirs):
    one, other = text(3, mine, seed=0), text(2, theirs, seed=1)
    both = one.followed_by(other)
    assert len(both) == 5
    assert both.mask.shape == (5, max(mine, theirs))
    assert both.mask.dtype == torch.bool
    for row in range(5):
        expected = one[row : row + 1] if row < 3 else other[row - 3 : row - 2]
        assert torch.equal(words(both[row : row + 1]), words(expected))
        assert torch.equal(both.pooled[row], expected.pooled[0])
