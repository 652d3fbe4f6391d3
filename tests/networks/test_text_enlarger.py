"""What a larger picture has beyond the enlarged one, told by a caption."""

import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.networks.text_enlarger import TextEnlarger


def enlarger(channels=3, **changes):
    torch.manual_seed(0)
    return TextEnlarger(8, channels, **{"condition": 5, "features": 8, "blocks": 2, **changes})


def given(rows=2, channels=3, side=4):
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(rows, channels, side, side, generator=generator),
        torch.rand(rows, generator=generator),
        torch.randn(rows, 5, generator=generator),
    )


def awake(network):
    """As after some training: nothing is zero any more."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


@pytest.mark.parametrize(("channels", "side"), [(1, 8), (3, 5), (4, 16)])
def test_the_side_is_doubled_and_at_the_start_nothing_added(channels, side):
    added = enlarger(channels)(*given(2, channels, side))
    assert added.shape == (2, channels, 2 * side, 2 * side)
    assert not added.any()


def test_picture_level_and_condition_matter():
    network, (small, level, condition) = awake(enlarger()), given()
    added = network(small, level, condition)
    for other in (network(small + 1, level, condition), network(small, level + 0.5, condition)):
        assert not torch.allclose(other, added, atol=1e-4)
    assert not torch.allclose(network(small, level, condition.flip(1)), added, atol=1e-4)


def test_rows_do_not_mix():
    network, (small, level, condition) = awake(enlarger()), given(3)
    whole = network(small, level, condition)
    torch.testing.assert_close(network(small[1:2], level[1:2], condition[1:2]), whole[1:2])


def test_every_weight_learns():
    network = awake(enlarger())
    network(*given()).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())


def test_sizes_that_do_not_work_are_one_line():
    for name in ("features", "blocks"):
        with pytest.raises(ConfigError, match=rf"^model\.{name} is 0; .*$"):
            enlarger(**{name: 0})
