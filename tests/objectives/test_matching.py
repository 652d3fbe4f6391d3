"""What a discriminator of pictures and captions minimises."""

import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.objectives.matching import MatchingHinge, MatchingPenalty, swapped


def test_equation_2_on_numbers():
    real, fake, mismatched = torch.tensor([2.0, 0.5]), torch.tensor([-2.0, 0.0]), torch.tensor([-0.5, 1.0])
    expected = (0 + 0.5) / 2 + 0.5 * ((0 + 1) / 2 + (0.5 + 2) / 2)
    assert MatchingHinge().discriminator(real, fake, mismatched).item() == pytest.approx(expected)
    assert MatchingHinge().generator(fake).item() == 1.0


def test_swapping_is_the_same_for_any_even_division():
    rows = torch.arange(8)
    assert swapped(rows).tolist() == [1, 0, 3, 2, 5, 4, 7, 6]
    assert torch.equal(torch.cat([swapped(part) for part in rows.split(2)]), swapped(rows))
    assert torch.equal(swapped(swapped(rows[:, None])), rows[:, None])
    assert torch.equal(swapped(rows[:1]), rows[:1])
    with pytest.raises(ConfigError, match=r"has 3: data\.batch_size"):
        swapped(rows[:3])


def test_the_penalty_of_a_linear_critic_is_known():
    """D = a · x + b · e has gradients a and b everywhere."""
    a, b = torch.randn(12, dtype=torch.float64), torch.randn(5, dtype=torch.float64)
    image, condition = torch.randn(3, 3, 2, 2, dtype=torch.float64), torch.randn(3, 5, dtype=torch.float64)
    penalty = MatchingPenalty(weight=2.0, power=3.0, interval=4)
    value = penalty(lambda x, e: x.flatten(1) @ a + e @ b, image, condition)
    assert value.item() == pytest.approx(4 * 2 * (a.norm() + b.norm()).item() ** 3)


def test_the_penalty_differentiates_the_weights():
    """Against a numerical derivative, of a critic that is not linear."""
    torch.manual_seed(0)
    image, condition = torch.randn(2, 1, 2, 2, dtype=torch.float64), torch.randn(2, 3, dtype=torch.float64)
    weight = torch.randn(7, dtype=torch.float64, requires_grad=True)

    def value(of):
        return MatchingPenalty(power=2.0)(lambda x, e: (torch.cat([x.flatten(1), e], 1) @ of).tanh(), image, condition)

    assert torch.autograd.gradcheck(value, weight)


def test_when_it_is_due():
    assert [step for step in range(9) if MatchingPenalty(interval=4).is_due(step)] == [0, 4, 8]
    with pytest.raises(ConfigError, match="matching_penalty has"):
        MatchingPenalty(interval=0)
