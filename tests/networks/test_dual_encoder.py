"""Embeddings of pictures and captions: on the sphere, told apart, and learnt together."""

import math

import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.networks.dual_encoder import DualEncoder, ImageEncoder, TextTower
from gansmith.networks.text.bag_of_words import BagOfWords
from gansmith.objectives.info_nce import info_nce

COLOURS = {"red": (1.0, -1.0, -1.0), "green": (-1.0, 1.0, -1.0), "blue": (-1.0, -1.0, 1.0)}


def dual_encoder(resolution: int = 16, channels: int = 3) -> DualEncoder:
    torch.manual_seed(0)
    words = BagOfWords(size=16, buckets=256, max_tokens=8)
    return DualEncoder(ImageEncoder(channels, resolution, features=4, size=12), TextTower(words, size=12))


@pytest.mark.parametrize(("resolution", "channels"), [(1, 1), (16, 3), (28, 1), (32, 4), (65, 3), (160, 3)])
def test_any_size_is_a_point_on_the_sphere(resolution, channels):
    images, texts = dual_encoder(resolution, channels)(
        torch.randn(2, channels, resolution, resolution), ["a red one", ""]
    )
    for embeddings in (images, texts):
        assert embeddings.shape == (2, 12)
        torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(2))


@pytest.mark.parametrize("resolution", [16, 64, 256])
def test_large_pictures_cost_no_more_weights_than_those_of_64(resolution):
    count = sum(parameter.numel() for parameter in ImageEncoder(3, resolution).parameters())
    assert count <= sum(parameter.numel() for parameter in ImageEncoder(3, 64).parameters())


@pytest.mark.parametrize("resolution", [32, 128])
def test_left_is_not_right(resolution):
    picture = -torch.ones(1, 3, resolution, resolution)
    picture[..., : resolution // 4] = 1
    one, mirrored = dual_encoder(resolution).image(torch.cat([picture, picture.flip(-1)]))
    assert (one - mirrored).norm() > 1e-3


def test_temperature_begins_as_published_and_its_inverse_stays_below_a_hundred():
    network = dual_encoder()
    assert network.scale().item() == pytest.approx(1 / 0.07)
    with torch.no_grad():
        network.log_scale.fill_(10)
    assert network.scale().item() == pytest.approx(100)
    network.scale().backward()
    assert network.log_scale.grad.item() == pytest.approx(100)
    assert network.log_scale.item() == pytest.approx(math.log(100))


def test_dropout_takes_that_share_of_what_a_caption_says_and_only_in_training():
    torch.manual_seed(0)
    words = BagOfWords(size=64, buckets=256, max_tokens=8)
    whole, tower = TextTower(words, size=12), TextTower(words, size=12, dropout=0.75)
    tower.load_state_dict(whole.state_dict())
    read = []
    tower.layers.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
    captions = ["a red one", "two green ones"] * 8
    assert torch.equal(tower.eval()(captions), whole(captions))
    tower.train()(captions)
    pooled, thinned = read
    kept = thinned != 0
    torch.testing.assert_close(thinned[kept], 4 * pooled[kept])
    assert kept.float().mean().item() == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize("dropout", [-0.1, 1.0, float("nan")])
def test_a_dropout_that_leaves_nothing_is_one_line(dropout):
    with pytest.raises(ConfigError, match=r"^model\.encoder\.text\.dropout is .*; it is from 0 on and below 1$"):
        TextTower(BagOfWords(size=8, buckets=64), size=12, dropout=dropout)


def test_colours_find_their_words():
    network = dual_encoder().train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    captions = [f"a {colour} picture" for colour in COLOURS]
    pictures = torch.tensor(list(COLOURS.values()))[:, :, None, None].expand(-1, -1, 16, 16)
    generator = torch.Generator().manual_seed(0)
    for _ in range(30):
        noisy = pictures + 0.3 * torch.randn(pictures.shape, generator=generator)
        loss = info_nce(*network(noisy, captions), network.scale())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    images, texts = network(pictures, captions)
    assert (texts @ images.T).argmax(1).tolist() == [0, 1, 2]
    assert loss.item() < 0.3
