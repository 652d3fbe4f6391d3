"""Consistency regularisation: what is done to pictures, and what it costs to notice."""

import torch
from torch.testing import assert_close

from gansmith.noise import Noise
from gansmith.objectives.consistency import Consistency, flipped_and_shifted


def noise(rows=64):
    return Noise(0, rows, 0, torch.float32)


def test_pictures_are_flipped_and_shifted_and_nothing_else():
    picture = torch.arange(36.0).view(1, 1, 6, 6)
    framed = torch.nn.functional.pad(picture, (2, 2, 2, 2), mode="reflect")
    mirrored = torch.nn.functional.pad(picture.flip(3), (2, 2, 2, 2), mode="reflect")
    possible = {
        tuple(frame[0, 0, down : down + 6, across : across + 6].flatten().tolist())
        for frame in (framed, mirrored)
        for down in range(5)
        for across in range(5)
    }
    seen = {
        tuple(moved.flatten().tolist()) for moved in flipped_and_shifted(picture.expand(400, -1, -1, -1), noise(400), 2)
    }
    assert seen == possible


def test_a_critic_that_does_not_notice_pays_nothing_and_another_the_squared_difference():
    real, fake = torch.rand(64, 1, 6, 6), torch.rand(64, 1, 6, 6)
    same = lambda image: image.amax((1, 2, 3)) * 0 + 1  # noqa: E731
    penalty = Consistency(weight=3.0, fake_weight=2.0)
    assert penalty(same, real, fake, noise(), (same(real), same(fake))) == 0
    corner = lambda image: image[:, 0, 0, 0]  # noqa: E731
    draws = noise()
    moved_real, moved_fake = (flipped_and_shifted(images, draws, 4) for images in (real, fake))
    expected = 3 * (corner(moved_real) - corner(real)).square().mean()
    expected = expected + 2 * (corner(moved_fake) - corner(fake)).square().mean()
    assert_close(penalty(corner, real, fake, noise(), (corner(real), corner(fake))), expected)
