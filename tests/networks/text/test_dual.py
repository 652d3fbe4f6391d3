"""A dual encoder's text tower as the text encoder of other models."""

import sys
from pathlib import Path

import pytest
import torch

from gansmith.errors import ConfigError, WeightsError
from gansmith.networks.dual_encoder import TextTower
from gansmith.networks.text.bag_of_words import BagOfWords
from gansmith.networks.text.dual import DualText
from gansmith.networks.text.with_words import WithWords

sys.path.insert(0, str(Path(__file__).parents[2] / "metrics"))

import judging

CAPTIONS = ["a red circle on the left", "a red circle on the right", ""]


def tower(size=6, dropout=0.0):
    torch.manual_seed(7)
    return TextTower(BagOfWords(size=8, buckets=64), size=size, dropout=dropout)


def test_a_caption_is_one_token_the_embedding_that_the_run_has_learnt(tmp_path):
    learnt = judging.saved(tmp_path / "run").encoder.text
    text = DualText(tower(), str(tmp_path / "run"))(CAPTIONS)
    torch.testing.assert_close(text.pooled, 6**0.5 * learnt(CAPTIONS))
    torch.testing.assert_close(text.pooled.square().mean(1), torch.ones(3))
    assert torch.equal(text.tokens, text.pooled[:, None])
    assert text.mask.all()


def test_it_is_frozen_and_the_words_beside_it_are_not(tmp_path):
    judging.saved(tmp_path / "run")
    both = WithWords(DualText(tower(), str(tmp_path / "run")), BagOfWords(size=8, buckets=64))
    found = both(CAPTIONS)
    (found.pooled.sum() + found.tokens.sum()).backward()
    learnt = {name.partition(".")[0] for name, weight in both.named_parameters() if weight.grad is not None}
    assert learnt == {"words", "tokens", "pooled"}
    assert found.tokens.shape[1] == 1 + 6


def test_it_says_the_same_while_the_model_trains(tmp_path):
    judging.saved(tmp_path / "run")
    text = DualText(tower(dropout=0.5), str(tmp_path / "run"))
    both = WithWords(text, BagOfWords(size=8, buckets=64))
    expected = text(CAPTIONS).pooled
    assert torch.equal(both.train().frozen(CAPTIONS).pooled, expected)
    assert torch.equal(both.eval().frozen(CAPTIONS).pooled, expected)


def test_a_models_own_checkpoint_needs_the_run_no_more(tmp_path):
    judging.saved(tmp_path / "run")
    trained = DualText(tower(), str(tmp_path / "run"))
    moved = DualText(tower(), str(tmp_path / "nowhere"))
    with pytest.raises(WeightsError, match=r"^model\.text\.frozen\.ckpt=.*nowhere is no run of model=dual_encoder"):
        moved(CAPTIONS)
    moved.load_state_dict(trained.state_dict())
    assert torch.equal(moved(CAPTIONS).pooled, trained(CAPTIONS).pooled)
    assert moved.fingerprint == trained.fingerprint


def test_a_run_of_another_form_or_model_is_one_line(tmp_path):
    judging.saved(tmp_path / "run")
    with pytest.raises(WeightsError, match=r"^model\.text\.frozen\.ckpt=.*run holds a text tower of another form"):
        DualText(tower(size=5), str(tmp_path / "run"))
    judging.saved(tmp_path / "gan", model=judging.LATENTS)
    with pytest.raises(ConfigError, match=r"^model\.text\.frozen\.ckpt=.*gan holds model=gan"):
        DualText(tower(), str(tmp_path / "gan"))
