"""From a caption to the embedding of a picture."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import mse_loss

from gansmith.diffusion.loss import diffusion_loss
from gansmith.diffusion.sampler import Sampler
from gansmith.diffusion.schedule import Cosine
from gansmith.errors import ConfigError
from gansmith.networks.embedding_prior import EmbeddingPrior
from gansmith.networks.text.text import Text
from gansmith.noise import Noise


def captions(rows, length=5, size=6):
    mask = torch.ones(rows, length, dtype=torch.bool)
    mask[:, 3:] = False
    return Text(torch.randn(rows, length, size), mask, torch.randn(rows, size))


def awake(network):
    """As after some training: nothing is zero any more."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


def trained(clean, text, tokens=True, steps=120):
    """A prior that learnt `clean` (n, size) of the captions `text`, as the mean of its last losses says."""
    torch.manual_seed(0)
    prior = EmbeddingPrior(clean.shape[1], text.pooled.shape[1], width=64, blocks=2, tokens=tokens)
    optimizer, losses = torch.optim.Adam(prior.parameters(), lr=3e-3), []
    for step in range(steps):
        draws = Noise(step, len(clean), 0, torch.float32)
        loss = diffusion_loss(lambda noisy, time: prior(noisy, time, text), clean, Cosine(), "clean", draws)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return prior, sum(losses[-20:]) / 20


@pytest.mark.parametrize("tokens", [True, False])
def test_it_starts_at_zero_and_hears_everything(tokens):
    prior, text = EmbeddingPrior(4, 6, width=32, blocks=2, tokens=tokens), captions(3)
    noisy, time = torch.randn(3, 4), torch.rand(3)
    said = prior(noisy, time, text)
    assert said.shape == (3, 4)
    assert not said.any()
    awake(prior)
    said = prior(noisy, time, text)
    assert not torch.allclose(said, prior(torch.randn(3, 4), time, text))
    assert not torch.allclose(said, prior(noisy, torch.rand(3), text))
    assert not torch.allclose(said, prior(noisy, time, replace(text, pooled=torch.randn(3, 6))))
    assert torch.equal(said, prior(noisy, time, replace(text, tokens=torch.randn(3, 5, 6)))) is not tokens


def test_padding_is_not_read_and_rows_do_not_mix():
    prior, text = awake(EmbeddingPrior(4, 6, width=64)), captions(3)
    noisy, time = torch.randn(3, 4), torch.rand(3)
    said = prior(noisy, time, text)
    text.tokens[:, 3:] = 100.0
    torch.testing.assert_close(prior(noisy, time, text), said)
    torch.testing.assert_close(prior(noisy[1:2], time[1:2], text[1:2]), said[1:2])


def test_every_parameter_learns():
    prior = awake(EmbeddingPrior(4, 6, width=32, blocks=2))
    prior(torch.randn(3, 4), torch.rand(3), captions(3)).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in prior.parameters())


def test_samples_of_a_trained_prior_are_the_embeddings_of_their_captions():
    torch.manual_seed(1)
    text, clean = captions(64), torch.randn(64, 4)
    prior, _ = trained(clean, text, steps=150)
    with torch.no_grad():
        drawn = Sampler(Cosine(), "clean", steps=10).sample(
            lambda noisy, time: prior(noisy, time, text), (64, 4), Noise(0, 64, 0, torch.float32)
        )
    assert mse_loss(drawn, clean) < 0.1 * mse_loss(drawn.roll(1, 0), clean)


def test_what_only_the_tokens_say_is_learnt_by_reading_alone():
    torch.manual_seed(1)
    text = captions(64)
    text = replace(text, pooled=torch.zeros(64, 6))
    clean = text.tokens[:, :3].mean(1)[:, :4]
    clean = clean / clean.std()
    assert trained(clean, text)[1] < 0.8 * trained(clean, text, tokens=False)[1]


def test_sizes_that_do_not_work_are_one_line():
    with pytest.raises(ConfigError, match=r"model\.width is 48"):
        EmbeddingPrior(4, 6, width=48)
    with pytest.raises(ConfigError, match=r"model\.blocks is 0"):
        EmbeddingPrior(4, 6, blocks=0)
