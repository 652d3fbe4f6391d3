"""What knows both captions and embeddings."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from gansmith.networks.dual_encoder import DualEncoder, ImageEncoder, TextTower
from gansmith.networks.text.bag_of_words import BagOfWords
from gansmith.networks.text.text import Text
from gansmith.networks.unclip import EXTRA_TOKENS, Decoder, Shown, Unclip


def text(rows, length=5, size=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    mask = torch.ones(rows, length, dtype=torch.bool)
    mask[:, 2:] = False
    return Text(
        torch.randn(rows, length, size, generator=generator), mask, torch.randn(rows, size, generator=generator)
    )


def shown(rows, length=5, seed=0):
    return Shown(torch.randn(rows, 4, generator=torch.Generator().manual_seed(seed)), text(rows, length, seed=seed))


def decoder():
    """As after some training: nothing is zero any more."""
    torch.manual_seed(0)
    network = Decoder(3, condition=6, embedding=4, resolution=8, features=32, multipliers=(1, 2), attention=(4,))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return network


def noisy(rows):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(rows, 3, 8, 8, generator=generator), torch.rand(rows, generator=generator)


def test_an_embedding_becomes_four_tokens_behind_the_captions():
    network, said, seen = decoder(), shown(2), []
    network.unet.register_forward_pre_hook(lambda unet, given, named: seen.append((*given, named)), with_kwargs=True)
    network(*noisy(2), said)
    (_, _, read, named) = seen[0]
    assert EXTRA_TOKENS == 4
    assert torch.equal(read.mask, torch.cat([said.text.mask, torch.ones(2, 4, dtype=torch.bool)], dim=1))
    assert torch.equal(read.tokens[:, :5], said.text.tokens)
    torch.testing.assert_close(read.tokens[:, 5:].flatten(1), network.tokens(said.embedding))
    assert torch.equal(read.pooled, said.text.pooled)
    assert torch.equal(named["embedding"], said.embedding)


@pytest.mark.parametrize("path", ["tokens", "added"])
def test_an_embedding_changes_the_picture_by_either_path(path):
    network, said, at = decoder(), shown(2), noisy(2)
    closed = network.tokens if path == "added" else network.unet.embedding
    nn.init.zeros_(closed.weight)
    none = replace(said, embedding=torch.zeros(2, 4))
    assert not torch.allclose(network(*at, said), network(*at, none), atol=1e-4)
    nn.init.zeros_((network.unet.embedding if path == "added" else network.tokens).weight)
    assert torch.equal(network(*at, said), network(*at, none))


def test_the_caption_changes_it_and_its_padding_does_not():
    network, said, at = decoder(), shown(2), noisy(2)
    picture = network(*at, said)
    assert picture.shape == (2, 3, 8, 8)
    assert not torch.allclose(network(*at, replace(said, text=text(2, seed=7))), picture, atol=1e-4)
    said.text.tokens[:, 2:] = 50.0
    torch.testing.assert_close(network(*at, said), picture)


def test_every_weight_learns():
    network = decoder()
    network(*noisy(2), shown(2)).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())


def test_pictures_behind_others_are_those_drawn_apart():
    """Whatever the lengths of their captions."""
    network, (mine, theirs) = decoder(), (shown(2), shown(1, length=3, seed=5))
    both, (picture, time) = mine.followed_by(theirs), noisy(3)
    assert torch.equal(both.embedding, torch.cat([mine.embedding, theirs.embedding]))
    whole = network(picture, time, both)
    torch.testing.assert_close(whole[:2], network(picture[:2], time[:2], mine))
    torch.testing.assert_close(whole[2:], network(picture[2:], time[2:], theirs))


def built(**sizes):
    """Stands for a network, and remembers what it was built for."""
    network = nn.Identity()
    network.sizes = sizes
    return network


def test_networks_are_built_for_what_they_are_told():
    words, other = BagOfWords(size=6, buckets=16), nn.Linear(1, 1)
    builders = {"pairs": {"prior": built}, "sums": {"decoder": built}, "embeddings": {"enlarger": built}}
    network = Unclip(words, embedding=4, **builders, others={"upsampler": other})
    assert set(network) == {"text", "prior", "decoder", "enlarger", "upsampler"}
    assert network.prior.sizes == {"condition": 6, "embedding": 4}
    assert network.decoder.sizes == {"condition": 10}
    assert network.enlarger.sizes == {"condition": 4}
    assert network.upsampler is other
    assert network.text is words


def test_an_encoder_has_words_of_its_own():
    encoder = DualEncoder(ImageEncoder(3, 8, features=4, size=4), TextTower(BagOfWords(size=6, buckets=16), size=4))
    network = Unclip(BagOfWords(size=6, buckets=16), embedding=4, encoder=encoder)
    assert set(network) == {"text", "encoder"}
    assert network.encoder is encoder
    assert not {id(weight) for weight in network.text.parameters()} & {id(weight) for weight in encoder.parameters()}
