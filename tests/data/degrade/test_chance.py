import torch

from gansmith.data.degrade.chance import between, happens, one_of
from gansmith.noise import Noise

ROWS = 20000


def draws() -> Noise:
    return Noise(1, ROWS, 0, torch.float32)


def test_alternatives_come_with_their_probabilities() -> None:
    chosen = one_of(draws(), ROWS, [0.2, 0.7, 0.0, 0.1])
    shares = torch.bincount(chosen, minlength=4) / ROWS
    torch.testing.assert_close(shares, torch.tensor([0.2, 0.7, 0.0, 0.1]), rtol=0, atol=0.015)
    assert shares[2] == 0


def test_a_range_is_filled_evenly() -> None:
    values = between(draws(), ROWS, -2, 6)
    assert values.min() >= -2
    assert values.max() < 6
    assert abs(values.mean() - 2) < 0.1
    assert abs(values.var() - 64 / 12) < 0.2


def test_what_is_certain_always_happens_and_what_is_impossible_never() -> None:
    assert happens(draws(), ROWS, 1.0).all()
    assert not happens(draws(), ROWS, 0.0).any()
    assert abs(happens(draws(), ROWS, 0.3).float().mean() - 0.3) < 0.015
