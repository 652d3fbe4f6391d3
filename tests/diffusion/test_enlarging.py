"""From a small picture to a larger one."""

import pytest
import torch
from torch.nn.functional import interpolate, mse_loss

from gansmith.diffusion.enlarging import RESIDUAL_SCALE, Enlarging, enlarged, known_at, reduced
from gansmith.diffusion.sampler import Known, Sampler
from gansmith.diffusion.schedule import Cosine, alpha_sigma
from gansmith.errors import ConfigError
from gansmith.noise import Noise

SMOOTH = interpolate(
    torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1, (8, 8), mode="bilinear"
)


def enlarging(kind="clean", steps=3, level=0.2):
    return Enlarging(Sampler(Cosine(), kind, steps), level)


def draws(rows=2, total=2, start=0):
    return Noise(0, total, start, torch.float32)


def nothing(noisy, time, beside, level):
    """Foresees no residual."""
    return torch.zeros_like(noisy)


def knowing(picture, small):
    """Foresees the residual of `picture` beyond what `small` enlarged shows."""
    residual = RESIDUAL_SCALE * (picture - enlarged(small, picture.shape[-1]))
    return lambda noisy, time, beside, level: residual


def test_who_foresees_no_residual_leaves_the_bicubic_picture():
    small = 0.8 * reduced(SMOOTH, 4)
    expected = interpolate(small, (8, 8), mode="bicubic", align_corners=False)
    torch.testing.assert_close(enlarging().sample(nothing, small, 8, draws()), expected)


@pytest.mark.parametrize("steps", [None, 1, 5])
def test_who_knows_the_residual_gives_the_true_picture_back(steps):
    small = reduced(SMOOTH, 4)
    assert mse_loss(enlarged(small, 8), SMOOTH) > 1e-3
    torch.testing.assert_close(enlarging().sample(knowing(SMOOTH, small), small, 8, draws(), steps=steps), SMOOTH)


def test_pictures_stay_in_range():
    small = reduced(SMOOTH, 4)
    found = enlarging().sample(lambda noisy, time, beside, level: 100 * noisy, small, 8, draws())
    assert found.abs().max() <= 1


def test_the_network_sees_the_enlarged_picture_with_noise_of_the_level():
    seen = []

    def network(noisy, time, beside, level):
        seen.append((beside, level))
        return noisy

    given = enlarged(reduced(SMOOTH, 4), 8)
    enlarging(level=0.3).sample(network, reduced(SMOOTH, 4), 8, draws())
    alpha, sigma = alpha_sigma(Cosine(), torch.full((2,), 0.3), 4)
    for beside, level in seen:
        assert torch.equal(level, torch.full((2,), 0.3))
        torch.testing.assert_close(beside, alpha * given + sigma * draws().normal(2, 3, 8, 8))


def test_without_a_level_the_network_sees_the_enlarged_picture_itself():
    seen = []
    given = enlarged(reduced(SMOOTH, 4), 8)
    enlarging(steps=1, level=0.0).sample(
        lambda *_, beside, level: seen.append(beside) or given, reduced(SMOOTH, 4), 8, draws()
    )
    torch.testing.assert_close(seen[0], given, atol=5e-3, rtol=0)


def test_training_draws_levels_and_who_knows_the_residual_has_no_loss():
    seen, whole = [], draws(total=64, rows=64)
    pictures = SMOOTH.repeat(32, 1, 1, 1)
    known = knowing(pictures, reduced(pictures, 4))

    def network(noisy, time, beside, level):
        seen.append(level)
        return known(noisy, time, beside, level)

    assert enlarging().loss(network, pictures, 4, whole) == 0
    assert enlarging().loss(nothing, pictures, 4, draws(total=64)) > 0
    assert seen[0].min() >= 0
    assert 0.8 < seen[0].max() < 1


def test_the_loss_of_a_batch_is_the_mean_over_its_parts():
    def network(noisy, time, beside, level):
        return noisy + beside * (time + level)[:, None, None, None]

    whole = enlarging("v").loss(network, SMOOTH, 4, draws())
    parts = [enlarging("v").loss(network, SMOOTH[row : row + 1], 4, draws(1, start=row)) for row in (0, 1)]
    torch.testing.assert_close(whole, sum(parts) / 2)


@pytest.mark.parametrize("strength", [0.2, 1.0])
def test_of_a_known_picture_only_the_part_that_stays_is_kept(strength):
    """The rest is drawn as if nothing were known: the small picture shows what became of it."""
    small, other = reduced(SMOOTH, 4), -SMOOTH
    free = enlarging("noise").sample(nothing, small, 8, draws())
    torch.testing.assert_close(enlarging("noise").sample(nothing, small, 8, draws(), Known(other, strength)), free)
    mask = torch.zeros(8, 8)
    mask[:, 4:] = 1
    drawn = enlarging("noise").sample(nothing, small, 8, draws(), Known(other, strength, mask))
    torch.testing.assert_close(drawn[..., :4], other[..., :4])
    assert (drawn - other)[..., 4:].abs().mean() > 0.1


def test_a_known_picture_without_any_strength_stays():
    drawn = enlarging("noise").sample(nothing, reduced(SMOOTH, 4), 8, draws(), Known(SMOOTH, 0.0))
    torch.testing.assert_close(drawn, SMOOTH)


@pytest.mark.parametrize("level", [-0.1, 1.0, 2.0])
def test_a_level_that_is_none_is_one_line(level):
    with pytest.raises(ConfigError, match=rf"^model\.enlarging\.level is {level}; .*$"):
        enlarging(level=level)


def test_reducing_averages_squares_and_leaves_its_own_size():
    picture = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(reduced(picture, 2), picture.unflatten(3, (2, 4)).unflatten(2, (2, 4)).mean((3, 5)))
    assert reduced(picture, 8) is picture


def test_what_is_known_is_known_at_a_smaller_side():
    picture, mask = torch.randn(1, 3, 8, 8), torch.zeros(8, 8)
    mask[:, 5:] = 1
    known = known_at(4, picture, 0.7, mask, 3)
    assert known.strength == 0.7
    assert torch.equal(known.picture, reduced(picture, 4).expand(3, -1, -1, -1))
    assert torch.equal(known.mask, torch.tensor([0, 0, 0.5, 1]).expand(4, 4))
    assert known_at(4, picture, 0.7, None, 1).mask is None
