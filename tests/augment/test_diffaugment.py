"""DiffAugment: the ranges of each part, what a shift and a mask do, and halves of a batch."""

import pytest
import torch
from torch.testing import assert_close

from gansmith.augment.diffaugment import DiffAugment, color, cutout, translation
from gansmith.errors import ConfigError
from gansmith.noise import Noise


def draws(rows: int, seed: int = 0) -> Noise:
    return Noise(seed, rows, 0, torch.float64)


def pictures(rows: int = 6, channels: int = 3, height: int = 16, width: int = 24) -> torch.Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.rand(rows, channels, height, width, generator=draw, dtype=torch.float64) * 2 - 1


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_brightness_and_contrast_have_their_ranges(channels):
    """A picture's mean moves by the brightness alone, and its deviation in the mean over channels by the contrast."""
    images = pictures(2000, channels, 8, 8)
    seen = color(images, draws(2000))
    brightness = (seen - images).mean((1, 2, 3))
    assert (brightness.min().item(), brightness.max().item()) == pytest.approx((-0.5, 0.5), abs=0.01)
    contrast = seen.mean(1).std((1, 2)) / images.mean(1).std((1, 2))
    assert (contrast.min().item(), contrast.max().item()) == pytest.approx((0.5, 1.5), abs=0.01)


def test_saturation_is_the_distance_from_grey_and_only_where_there_is_colour():
    images = pictures(2000, 3, 8, 8)
    away = lambda picture: (picture - picture.mean(1, keepdim=True)).flatten(1).norm(dim=1)  # noqa: E731
    seen = color(images, draws(2000))
    contrast = seen.mean(1).std((1, 2)) / images.mean(1).std((1, 2))
    saturation = away(seen) / away(images) / contrast
    assert (saturation.min().item(), saturation.max().item()) == pytest.approx((0, 2), abs=0.01)
    pair = color(pictures(50, 2, 8, 8), draws(50)).flatten(1)
    assert torch.equal(pair.argsort(), pictures(50, 2, 8, 8).flatten(1).argsort())


def test_shifts_are_whole_up_to_an_eighth_and_zeros_come_in():
    rows = 400
    place = torch.arange(1, 16 * 24 + 1, dtype=torch.float64).view(1, 1, 16, 24).expand(rows, -1, -1, -1)
    found = set()
    for picture in translation(place, draws(rows))[:, 0]:
        rows_seen, columns_seen = (picture > 0).any(1).nonzero(), (picture > 0).any(0).nonzero()
        top, left = int(rows_seen[0]), int(columns_seen[0])
        down = top if top else int(rows_seen[-1]) - 15
        across = left if left else int(columns_seen[-1]) - 23
        expected = torch.zeros(16, 24, dtype=torch.float64)
        for row in range(max(down, 0), 16 + min(down, 0)):
            for column in range(max(across, 0), 24 + min(across, 0)):
                expected[row, column] = place[0, 0, row - down, column - across]
        assert torch.equal(picture, expected)
        found.add((down, across))
    assert {down for down, _ in found} == set(range(-2, 3))
    assert {across for _, across in found} == set(range(-3, 4))


def test_a_square_of_half_the_side_is_cut_out_or_a_part_of_it():
    gone = cutout(torch.ones(3000, 1, 16, 24, dtype=torch.float64), draws(3000))[:, 0] == 0
    heights, widths = gone.any(2).sum(1), gone.any(1).sum(1)
    assert torch.equal(gone.sum((1, 2)), heights * widths)
    assert (heights.max(), widths.max()) == (8, 12)
    assert (heights.min(), widths.min()) == (4, 6)


def test_it_does_what_the_policy_says_in_its_order():
    images = pictures()
    first = draws(6)
    assert torch.equal(DiffAugment(["cutout", "color"])(images, draws(6)), color(cutout(images, first), first))
    assert torch.equal(DiffAugment([])(images, draws(6)), images)
    with pytest.raises(ConfigError, match=r"model\.augment\.policy has blur; it can have color, translation, cutout"):
        DiffAugment(["blur"])


def test_two_halves_of_a_batch_are_the_whole():
    images, augment = pictures(), DiffAugment()
    whole = augment(images, draws(6))
    for start in (0, 3):
        assert_close(augment(images[start : start + 3], Noise(0, 6, start, torch.float64)), whole[start : start + 3])
