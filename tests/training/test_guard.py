import pytest
import torch

from gansmith.errors import NonFiniteError
from gansmith.training.guard import FiniteGuard


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_the_first_value_that_is_not_finite_is_named(value):
    guard = FiniteGuard()
    guard.watch(6, "generator", "adversarial loss", torch.tensor(1.0))
    guard.watch(7, "discriminator", "gradient_penalty loss", torch.tensor(value))
    guard.watch(8, "generator", "gradient", torch.tensor(value))
    with pytest.raises(NonFiniteError, match=r"step 7: the discriminator's gradient_penalty loss"):
        guard.check()


def test_finite_values_pass_and_are_forgotten():
    guard = FiniteGuard()
    guard.watch(0, "generator", "gradient", torch.tensor(1e30, dtype=torch.float64))
    guard.check()
    guard.check()


def test_on_a_cpu_every_value_is_looked_at():
    guard = FiniteGuard(patience=100)
    guard.watch(0, "generator", "gradient", torch.tensor(float("nan")))
    with pytest.raises(NonFiniteError):
        guard.check_if_cheap()
