"""How far a picture is from the true one, pixel by pixel.

Pictures are in [-1, 1], and errors are those of the same pictures in [0, 1]: weights of published recipes are for
that range.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import l1_loss, mse_loss


class AbsoluteError:
    """Mean absolute error, L1."""

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        """A scalar for two tensors of one shape, in [-1, 1]."""
        return l1_loss(output, target) / 2


class SquaredError:
    """Mean squared error."""

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        """A scalar for two tensors of one shape, in [-1, 1]."""
        return mse_loss(output, target) / 4
