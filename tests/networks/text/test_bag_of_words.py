"""The trainable encoder: any caption, any batch, any language, and colours that stay with their shapes."""

import logging
from itertools import pairwise

import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.networks.text.bag_of_words import BagOfWords

CAPTIONS = ("a red circle and a blue square", "", "green", "一个红色的圆形", "keycap: # 😀 \udcff")


def encoder(**arguments: int) -> BagOfWords:
    torch.manual_seed(0)
    return BagOfWords(**{"size": 16, "buckets": 512, **arguments})


def test_shapes_and_lengths():
    text = encoder()(CAPTIONS)
    assert text.tokens.shape == (5, 7, 16)
    assert text.pooled.shape == (5, 16)
    assert text.mask.sum(1).tolist() == [7, 1, 1, 7, 3]
    assert text.tokens.isfinite().all()
    assert text.pooled.isfinite().all()


def test_a_caption_is_the_same_in_any_company():
    network = encoder().double()
    together = network(CAPTIONS)
    for row, caption in enumerate(CAPTIONS):
        alone = network([caption])
        torch.testing.assert_close(together.tokens[row, together.mask[row]], alone.tokens[0])
        torch.testing.assert_close(together.pooled[row], alone.pooled[0])


def test_no_two_of_these_are_the_same():
    captions = ["", "a", "red", "red circle", "circle red", "红色", "色红", "red red"]
    pooled = encoder()(captions).pooled
    distances = torch.cdist(pooled, pooled) + torch.eye(len(captions))
    assert distances.min() > 1e-3


def test_colours_stay_with_their_shapes():
    one, other = encoder()(["a red circle and a blue square", "a blue circle and a red square"]).pooled
    assert (one - other).norm() > 1e-2 * one.norm()


def test_what_is_far_away_is_heard_by_the_whole_and_not_by_a_token():
    text = encoder()(["red a b c d circle", "blue a b c d circle"])
    assert torch.equal(text.tokens[0, -1], text.tokens[1, -1])
    assert not torch.equal(text.tokens[0, 3], text.tokens[1, 3])
    assert not torch.equal(text.pooled[0], text.pooled[1])


def test_long_captions_are_cut_and_it_is_said_once(caplog):
    network = encoder(max_tokens=3)
    with caplog.at_level(logging.WARNING):
        cut = network(["one two three four", "one two three"])
        network(["five six seven eight"])
    assert torch.equal(cut.tokens[0], cut.tokens[1])
    assert torch.equal(cut.pooled[0], cut.pooled[1])
    assert [record.getMessage() for record in caplog.records] == [
        "bag_of_words reads the first 3 tokens of a caption: longer ones are cut"
    ]


def test_gradients_reach_every_weight_and_only_the_rows_of_the_words():
    network = encoder()
    text = network(["red circle"])
    (text.tokens.square().sum() + text.pooled.square().sum()).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    touched = network.table.weight.grad.abs().sum(1).nonzero().flatten().tolist()
    assert 0 < len(touched) <= len(set(touched)) <= 6 + 16
    assert network.places.grad.abs().sum(1).nonzero().flatten().tolist() == [0, 1]


def test_the_gradient_of_a_part_is_that_of_the_mathematics():
    network = encoder(size=4, buckets=16).double()
    direction = torch.randn_like(network.table.weight)

    def value() -> torch.Tensor:
        text = network(["red circle", "red"])
        return (text.tokens.square() * text.mask[..., None]).sum() + text.pooled.pow(3).sum()

    value().backward()
    expected = (network.table.weight.grad * direction).sum()
    step, values = 1e-6, []
    for sign in (1, -2):
        with torch.no_grad():
            network.table.weight += sign * step * direction
        values.append(value().detach())
    torch.testing.assert_close((values[0] - values[1]) / (2 * step), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_follows_the_type_of_the_module(dtype):
    text = encoder().to(dtype)(["red circle", ""])
    assert text.tokens.dtype == text.pooled.dtype == dtype
    assert text.mask.dtype == torch.bool


def test_a_state_dict_brings_everything_back():
    trained, fresh = encoder(), BagOfWords(size=16, buckets=512)
    fresh.load_state_dict(trained.state_dict())
    assert torch.equal(fresh(CAPTIONS).pooled, trained(CAPTIONS).pooled)


def test_fingerprints_are_of_what_it_is_built_with():
    built = ({}, {"size": 32}, {"buckets": 1024}, {"max_tokens": 5})
    fingerprints = sorted(encoder(**arguments).fingerprint for arguments in built)
    assert all(one != following for one, following in pairwise(fingerprints))
    assert encoder().fingerprint == encoder().fingerprint
    assert not encoder().is_frozen


@pytest.mark.parametrize("name", ["size", "buckets", "max_tokens"])
def test_numbers_below_one_are_refused(name):
    with pytest.raises(ConfigError, match=rf"model\.text\.{name} is 0"):
        encoder(**{name: 0})
