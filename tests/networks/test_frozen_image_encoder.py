"""Embeddings that begin with what a frozen network sees."""

import pytest
import torch

from gansmith.networks.dual_encoder import DualEncoder, TextTower
from gansmith.networks.frozen_image_encoder import FrozenImageEncoder
from gansmith.networks.text.bag_of_words import BagOfWords
from gansmith.objectives.feature_network import feature_network
from gansmith.objectives.info_nce import info_nce


def encoder(resolution: int = 32, channels: int = 3) -> FrozenImageEncoder:
    torch.manual_seed(0)
    return FrozenImageEncoder(channels, resolution, features=4, size=12)


@pytest.mark.parametrize(("resolution", "channels"), [(16, 3), (32, 1), (65, 3), (128, 3)])
def test_any_size_is_a_point_on_the_sphere(resolution, channels):
    embedding = encoder(resolution, channels)(torch.rand(2, channels, resolution, resolution))
    assert embedding.shape == (2, 12)
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(2))


def test_each_picture_is_seen_by_itself():
    pictures = torch.rand(3, 3, 32, 32)
    torch.testing.assert_close(encoder()(pictures)[1:2], encoder()(pictures[1:2]), rtol=1e-4, atol=1e-5)


def test_left_is_not_right():
    picture = -torch.ones(1, 3, 32, 32)
    picture[..., :8] = 1
    one, mirrored = encoder()(torch.cat([picture, picture.flip(-1)]))
    assert (one - mirrored).norm() > 1e-2


def test_only_what_reads_the_features_is_learnt_and_kept():
    network = encoder()
    pictures = torch.rand(2, 3, 32, 32, requires_grad=True)
    network(pictures)[:, 0].sum().backward()
    assert pictures.grad.abs().sum() > 0
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())
    frozen = [weight for module in feature_network("efficientnet_lite0").modules for weight in module.parameters()]
    assert not any(weight.requires_grad for weight in frozen)
    # 40 and 112 channels to 16 each, their norms, and 2 × 16 × 4 numbers to 12.
    assert sum(weight.numel() for weight in network.state_dict().values()) == 41 * 16 + 113 * 16 + 2 * 32 + 129 * 12


def test_pictures_find_their_captions():
    torch.manual_seed(0)
    network = DualEncoder(encoder(), TextTower(BagOfWords(size=16, buckets=256, max_tokens=8), size=12))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    pictures, captions = torch.rand(4, 3, 32, 32) * 2 - 1, ["one", "two", "three", "four"]
    for _ in range(20):
        loss = info_nce(*network(pictures, captions), network.scale())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    images, texts = network(pictures, captions)
    assert (texts @ images.T).argmax(1).tolist() == [0, 1, 2, 3]
