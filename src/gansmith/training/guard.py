"""Stops a run at the first loss or gradient that is no longer finite."""

from __future__ import annotations

import torch
from torch import Tensor

from gansmith.errors import NonFiniteError


class FiniteGuard:
    """Collects scalars of losses and gradients and looks at them together.

    Looking costs a synchronisation with the device. On a CPU that is free, and every value is looked
    at before the optimizer uses it; elsewhere the values wait until `patience` of them have come, or
    until a checkpoint or an evaluation asks.
    """

    def __init__(self, patience: int = 512) -> None:
        self.patience = patience
        self._names: list[tuple[int, str, str]] = []
        self._values: list[Tensor] = []

    def watch(self, step: int, side: str, term: str, value: Tensor) -> None:
        """Remembers the scalar `value` of `term` (a loss term or "gradient") of `side` at `step`."""
        self._names.append((step, side, term))
        self._values.append(value.detach())

    def check_if_cheap(self) -> None:
        """`check`, unless it would stall an accelerator for less than `patience` values."""
        if self._values and (self._values[0].device.type == "cpu" or len(self._values) >= self.patience):
            self.check()

    def check(self) -> None:
        """Raises NonFiniteError for the first value that is not finite; forgets all of them otherwise."""
        names, values = self._names, self._values
        self._names, self._values = [], []
        if not values:
            return
        finite = torch.isfinite(torch.stack([value.float() for value in values])).tolist()
        for (step, side, term), is_finite in zip(names, finite):
            if not is_finite:
                raise NonFiniteError(
                    f"step {step}: the {side}'s {term} is not finite; the last good checkpoint is in place. "
                    f"A lower model.optimizer.{side}.lr or model.clip_norm.{side}=1.0 may help"
                )
