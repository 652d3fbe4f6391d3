"""What the pool keeps, and what it shows."""

import pytest
import torch
from torch import Tensor

from gansmith.errors import ConfigError
from gansmith.models.image_pool import ImagePool


def numbered(first: int, count: int) -> Tensor:
    """Pictures (count, 1, 1, 1) that each have a value of their own."""
    return torch.arange(first, first + count, dtype=torch.float32).view(-1, 1, 1, 1)


def draws(count: int, seed: int) -> Tensor:
    return torch.rand(count, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_first_pictures_are_kept_and_shown_as_they_are():
    pool = ImagePool(50)
    shown = pool.exchange(numbered(0, 50), draws(50, 0))
    assert torch.equal(shown, numbered(0, 50))
    assert torch.equal(torch.stack(pool.pictures), numbered(0, 50))


def test_then_half_of_what_is_shown_is_old_and_every_place_is_taken_as_often():
    pool, count = ImagePool(50), 20_000
    pool.exchange(numbered(0, 50), draws(50, 0))
    fresh = numbered(50, count)
    shown = pool.exchange(fresh, draws(count, 1))
    exchanged = shown.flatten() != fresh.flatten()
    # Five standard deviations of a fair coin.
    assert abs(exchanged.float().mean().item() - 0.5) < 5 * 0.5 / count**0.5
    # A picture stays in the pool while the other 49 places are taken: for 100 pictures on average.
    age = (fresh - shown).flatten()[exchanged][1000:]
    assert age.mean().item() == pytest.approx(100, rel=0.1)
    assert (shown.flatten()[exchanged] < fresh.flatten()[exchanged]).all()


def test_a_picture_is_shown_once_and_what_is_not_exchanged_is_not_kept():
    pool = ImagePool(3)
    shown = torch.cat([pool.exchange(numbered(8 * step, 8), draws(8, step)) for step in range(30)])
    after_filling = shown.flatten()[3:].tolist()
    # The first three were shown when they came, and once more when they left.
    assert len(set(after_filling)) == len(after_filling)
    assert not {picture.item() for picture in pool.pictures} & set(after_filling)


def test_a_picture_can_leave_with_the_batch_it_came_with():
    pool = ImagePool(1)
    always = torch.zeros(4, 2)
    assert pool.exchange(numbered(0, 4), always).flatten().tolist() == [0, 0, 1, 2]
    assert torch.stack(pool.pictures).flatten().tolist() == [3]


def test_how_pictures_are_cut_into_batches_does_not_matter():
    whole, cut = ImagePool(5), ImagePool(5)
    pictures, chances = numbered(0, 24), draws(24, 0)
    pieces = [cut.exchange(*piece) for piece in zip(pictures.split(6), chances.split(6))]
    assert torch.equal(whole.exchange(pictures, chances), torch.cat(pieces))


def test_the_pool_keeps_copies():
    pool = ImagePool(2)
    pictures = numbered(0, 3)
    pool.exchange(pictures, torch.zeros(3, 2))
    pictures.fill_(-1)
    assert torch.stack(pool.pictures).flatten().tolist() == [2, 1]


def test_a_restored_pool_goes_on_as_the_one_that_was_saved():
    pool, restored = ImagePool(4), ImagePool(4)
    pool.exchange(numbered(0, 10), draws(10, 0))
    restored.restore(pool.state(), "cpu")
    assert torch.equal(pool.exchange(numbered(10, 9), draws(9, 1)), restored.exchange(numbered(10, 9), draws(9, 1)))
    assert torch.equal(torch.stack(pool.pictures), torch.stack(restored.pictures))


def test_without_a_pool_pictures_are_shown_as_they_come():
    pool = ImagePool(0)
    assert torch.equal(pool.exchange(numbered(0, 7), torch.zeros(7, 2)), numbered(0, 7))
    assert pool.state() == []


def test_a_negative_size_is_refused():
    with pytest.raises(ConfigError, match=r"model\.pool_size is -1"):
        ImagePool(-1)
