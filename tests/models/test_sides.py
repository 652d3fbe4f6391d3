"""Which form of an optimizer steps."""

from functools import partial

import pytest
import torch
from torch.optim import SGD, Adam, AdamW, RMSprop

from gansmith.models.sides import can_be_fused


@pytest.mark.parametrize(
    ("factory", "can"),
    [
        (partial(Adam, lr=1e-3), True),
        (partial(AdamW, lr=1e-3), True),
        (SGD, True),
        (partial(RMSprop, lr=1e-3), False),
        (partial(Adam, fused=False), False),
        (partial(Adam, foreach=True), False),
        (partial(Adam, differentiable=True), False),
    ],
)
def test_what_can_be_fused_is_unless_somebody_chose(factory, can):
    assert can_be_fused(factory) == can


def test_fused_steps_are_the_same_steps():
    """Also where betas change on the way."""
    ends = []
    for changes in ({}, {"fused": True}):
        generator = torch.Generator().manual_seed(0)
        weight = torch.nn.Parameter(torch.randn(5, 7, generator=generator, dtype=torch.float64))
        optimizer = Adam([weight], lr=0.1, betas=(0.0, 0.9), **changes)
        for step in range(20):
            optimizer.param_groups[0]["betas"] = (0.0, 0.9 + 0.004 * step)
            weight.grad = torch.randn(5, 7, generator=generator, dtype=torch.float64)
            optimizer.step()
        ends.append(weight.detach())
    torch.testing.assert_close(*ends, rtol=1e-12, atol=1e-12)
