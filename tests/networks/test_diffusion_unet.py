"""The U-Net of everything that diffuses."""

from types import SimpleNamespace

import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.networks.diffusion_unet import Attention, TimeEncoding, UNet


def caption(rows=2, length=5, size=6):
    mask = torch.ones(rows, length, dtype=torch.bool)
    mask[:, 3:] = False
    return SimpleNamespace(tokens=torch.randn(rows, length, size), mask=mask, pooled=torch.randn(rows, size))


def awake(network):
    """As after some training: nothing is zero any more."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


@pytest.mark.parametrize("resolution", [16, 24, 32])
@pytest.mark.parametrize("patch", [1, 2])
@pytest.mark.parametrize("multipliers", [(1,), (1, 2), (1, 2, 2)])
def test_the_prediction_has_the_shape_of_the_picture(resolution, patch, multipliers):
    network = awake(UNet(1, resolution, 32, multipliers, attention=(resolution // patch,), patch=patch))
    assert network(torch.randn(2, 1, resolution, resolution), torch.rand(2)).shape == (2, 1, resolution, resolution)


def test_it_starts_at_zero_and_learns_from_every_condition():
    network = UNet(3, 16, 32, (1, 2), attention=(8,), condition=6, embedding=4, beside=3)
    given = {"text": caption(), "embedding": torch.randn(2, 4), "beside": torch.randn(2, 3, 16, 16)}
    noisy, time, level = torch.randn(2, 3, 16, 16), torch.rand(2), torch.rand(2)
    assert not network(noisy, time, level=level, **given).any()
    awake(network)
    said = network(noisy, time, level=level, **given)
    for changed in (
        {"text": caption()},
        {"embedding": torch.randn(2, 4)},
        {"beside": torch.randn(2, 3, 16, 16)},
        {"level": torch.rand(2)},
    ):
        assert not torch.allclose(said, network(noisy, time, **{"level": level, **given, **changed}))
    assert not torch.allclose(said, network(noisy, torch.rand(2), level=level, **given))


def test_what_stands_in_the_padding_of_a_caption_is_not_read():
    network = awake(UNet(1, 16, 32, (1, 2), attention=(8, 16), condition=6))
    text, noisy, time = caption(), torch.randn(2, 1, 16, 16), torch.rand(2)
    said = network(noisy, time, text)
    text.tokens[:, 3:] = 100.0
    torch.testing.assert_close(network(noisy, time, text), said)
    text.tokens[:, :3] = 0.0
    assert not torch.allclose(network(noisy, time, text), said)


def test_rows_do_not_mix():
    network = awake(UNet(1, 16, 32, (1, 2), attention=(8,), condition=6))
    text, noisy, time = caption(), torch.randn(2, 1, 16, 16), torch.rand(2)
    first = SimpleNamespace(tokens=text.tokens[:1], mask=text.mask[:1], pooled=text.pooled[:1])
    torch.testing.assert_close(network(noisy, time, text)[:1], network(noisy[:1], time[:1], first))


def test_attention_is_a_mean_of_values_where_all_match_alike():
    attention = Attention(32, text=None)
    torch.nn.init.zeros_(attention.queries.weight)
    torch.nn.init.zeros_(attention.queries.bias)
    with torch.no_grad():
        attention.queries.weight[64:] = torch.eye(32)[:, :, None, None]
        attention.last.weight.copy_(torch.eye(32)[:, :, None, None])
    features = torch.randn(2, 32, 4, 4)
    expected = features + attention.norm(features).mean((2, 3), keepdim=True)
    torch.testing.assert_close(attention(features, None), expected)


def test_near_times_are_told_apart():
    encoding = TimeEncoding(64)
    angle = torch.tensor([0.5, 0.501])[:, None] * encoding.frequencies
    assert (angle.sin()[0] - angle.sin()[1]).abs().max() > 0.5


def test_sizes_that_do_not_work_are_one_line():
    with pytest.raises(ConfigError, match="takes multiples of 4"):
        UNet(1, 18, 32, (1, 2, 2))
    with pytest.raises(ConfigError, match=r"attention is at side 4; at 16 px, stages have \[16, 8\]"):
        UNet(1, 16, 32, (1, 2), attention=(4,))
    with pytest.raises(ConfigError, match="multiples of 32"):
        UNet(1, 16, 16, (1,), attention=(16,))


def test_a_patch_that_does_not_fit_through_is_one_line():
    """A picture's noise must: a linear layer from fewer numbers can't give it back."""
    with pytest.raises(ConfigError, match=r"^features are 32, and a patch of 4x4 pixels has 48 numbers"):
        UNet(3, 64, features=32, patch=4)
