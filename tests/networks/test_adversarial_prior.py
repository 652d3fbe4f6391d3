"""A latent and a caption to an embedding, and its critic."""

import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.networks.adversarial_prior import EmbeddingCritic, EmbeddingGenerator


def generator(embedding=9, **changes):
    torch.manual_seed(0)
    return EmbeddingGenerator(embedding, condition=5, **{"latent": 3, "width": 16, "layers": 2, **changes})


def critic(**changes):
    torch.manual_seed(0)
    return EmbeddingCritic(4, condition=5, **{"width": 16, "layers": 2, **changes})


@pytest.mark.parametrize("embedding", [1, 4, 9, 128])
def test_embeddings_have_the_length_at_which_values_have_a_variance_of_one(embedding):
    drawn = generator(embedding)(torch.randn(6, 3), torch.randn(6, 5))
    assert drawn.shape == (6, embedding)
    torch.testing.assert_close(drawn.norm(dim=1), torch.full((6,), embedding**0.5))


def test_latent_and_caption_matter_and_rows_do_not_mix():
    network, latent, condition = generator(), torch.randn(3, 3), torch.randn(3, 5)
    drawn = network(latent, condition)
    assert not torch.allclose(network(latent + 1, condition), drawn, atol=1e-3)
    assert not torch.allclose(network(latent, condition + 1), drawn, atol=1e-3)
    torch.testing.assert_close(network(latent[1:2], condition[1:2]), drawn[1:2])


def test_the_critic_judges_rows_on_their_own():
    network, embedding, condition = critic(), torch.randn(3, 4), torch.randn(3, 5)
    logits = network(embedding, condition)
    assert logits.shape == (3,)
    torch.testing.assert_close(network(embedding[1:2], condition[1:2]), logits[1:2])
    torch.testing.assert_close(network(embedding.flip(0), condition.flip(0)), logits.flip(0))
    embedding.requires_grad_()
    network(embedding, condition)[0].backward()
    assert embedding.grad[0].all()
    assert not embedding.grad[1:].any()


def test_the_critic_hears_embedding_and_caption():
    network, embedding, condition = critic(), torch.randn(3, 4), torch.randn(3, 5)
    logits = network(embedding, condition)
    assert not torch.allclose(network(embedding + 1, condition), logits, atol=1e-3)
    assert not torch.allclose(network(embedding, condition + 1), logits, atol=1e-3)


@pytest.mark.parametrize("network", [generator(), critic()])
def test_every_weight_learns(network):
    network.zero_grad()
    size = 3 if isinstance(network, EmbeddingGenerator) else 4
    said = network(torch.randn(8, size), torch.randn(8, 5))
    (said * torch.randn_like(said)).mean().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())


def test_sizes_that_do_not_work_are_one_line():
    for make, names in ((generator, ("latent", "width", "layers")), (critic, ("width", "layers"))):
        for name in names:
            with pytest.raises(ConfigError, match=rf"^model\.{name} is 0; .*$"):
                make(**{name: 0})
