"""The parts of the U-Net of everything that diffuses, where what they give has a closed form."""

import torch
from torch import nn
from torch.nn.functional import silu

from gansmith.networks.diffusion_unet import HEAD, Attention, ResidualBlock, TimeEncoding, UNet
from gansmith.networks.text.text import Text


def captions(rows=2, length=5, said=3, size=6):
    mask = (torch.arange(length) < said).expand(rows, length)
    return Text(torch.randn(rows, length, size), mask, torch.randn(rows, size))


def identity(convolution):
    nn.init.dirac_(convolution.weight)
    nn.init.zeros_(convolution.bias)


def attention_that_matches_all_alike(text):
    """Keys are zero; values are the normed features, and what a linear layer makes of tokens."""
    attention = Attention(HEAD, text)
    nn.init.zeros_(attention.queries.weight)
    nn.init.zeros_(attention.queries.bias)
    with torch.no_grad():
        attention.queries.weight[2 * HEAD :] = torch.eye(HEAD)[:, :, None, None]
        attention.tokens[1].weight[:HEAD] = 0
        attention.tokens[1].bias[:HEAD] = 0
    identity(attention.last)
    return attention


def test_places_and_tokens_of_a_caption_are_attended_to_side_by_side():
    attention, text, features = attention_that_matches_all_alike(6), captions(), torch.randn(2, HEAD, 4, 4)
    places = attention.norm(features).flatten(2).transpose(1, 2)
    words = attention.tokens(text.tokens)[:, :3, HEAD:]
    mixed = torch.cat([places, words], dim=1).mean(1)
    torch.testing.assert_close(attention(features, text), features + mixed[:, :, None, None])


def test_a_place_attends_to_the_token_that_matches_it():
    """Its query is the feature; the second token's key points the same way, and far."""
    attention, features = Attention(HEAD, 6), torch.randn(1, HEAD, 1, 1)
    nn.init.zeros_(attention.queries.weight)
    nn.init.zeros_(attention.queries.bias)
    identity(attention.last)
    direction = torch.randn(HEAD)
    words = torch.randn(1, 3, 2 * HEAD)
    words[..., :HEAD] = 0
    words[0, 1, :HEAD] = 100 * direction
    with torch.no_grad():
        attention.queries.bias[:HEAD] = direction
    attention.tokens = nn.Identity()
    said = attention(features, Text(words, torch.ones(1, 3, dtype=torch.bool), torch.zeros(1, 6)))
    torch.testing.assert_close(said, features + words[:, 1, HEAD:, None, None])


def test_the_condition_scales_and_shifts_what_follows_the_second_norm():
    block, features, condition = ResidualBlock(8, 8, 4), torch.randn(2, 8, 4, 4), torch.randn(2, 4)
    assert torch.equal(block(features, condition), features)
    identity(block.second)
    scale, shift = block.affine(condition)[:, :, None, None].split(8, dim=1)
    normed = block.following_norm(block.first(silu(block.norm(features))))
    torch.testing.assert_close(block(features, condition), features + silu((1 + scale) * normed + shift))


def test_how_alike_two_times_are_depends_on_their_difference_alone():
    """sin a sin b + cos a cos b = cos(a - b), for each frequency."""
    encoding = TimeEncoding(64)
    encoding.layers = nn.Identity()
    early, late = encoding(torch.tensor([0.1, 0.1001, 0.103])), encoding(torch.tensor([0.6, 0.6001, 0.603]))
    torch.testing.assert_close(early @ early.T, late @ late.T, atol=1e-2, rtol=0)
    torch.testing.assert_close(early.square().sum(1), torch.full((3,), 16.0))


def test_a_caption_as_a_whole_is_heard_where_no_stage_attends():
    torch.manual_seed(0)
    network = UNet(1, 16, 8, (1, 2), attention=(), condition=6)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    noisy, time, text = torch.randn(2, 1, 16, 16), torch.rand(2), captions()
    said = network(noisy, time, text)
    assert torch.equal(network(noisy, time, Text(torch.randn_like(text.tokens), text.mask, text.pooled)), said)
    assert not torch.allclose(network(noisy, time, Text(text.tokens, text.mask, torch.randn(2, 6))), said)


def test_every_parameter_learns():
    torch.manual_seed(0)
    network = UNet(3, 16, 32, (1, 2, 2), blocks=2, attention=(4, 8), condition=6, embedding=4, beside=3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    picture, embedding = torch.randn(2, 3, 16, 16), torch.randn(2, 4)
    network(picture, torch.rand(2), captions(), embedding, picture, torch.rand(2)).square().mean().backward()
    assert [name for name, one in network.named_parameters() if one.grad is None or not one.grad.any()] == []
