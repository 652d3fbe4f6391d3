"""A frozen encoder and a trainable one as one encoder."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from gansmith.config import instantiate
from gansmith.errors import ConfigError
from gansmith.networks.text.bag_of_words import BagOfWords
from gansmith.networks.text.encoder import TextEncoder
from gansmith.networks.text.text import Text
from gansmith.networks.text.with_words import WithWords

CONF = Path(__file__).parents[3] / "conf"
CAPTIONS = ["a red circle", "", "blue"]


class Lengths(TextEncoder):
    """Knows how long a caption is, and nothing else."""

    size, max_tokens, is_frozen, fingerprint = 3, 10, True, "lengths"

    def forward(self, captions: Sequence[str]) -> Text:
        lengths = torch.tensor([[float(len(caption))] * 3 for caption in captions])
        mask = torch.tensor([[True, bool(caption)] for caption in captions])
        return Text(lengths[:, None].repeat(1, 2, 1), mask, lengths)


def encoder() -> WithWords:
    torch.manual_seed(0)
    return WithWords(Lengths(), BagOfWords(size=8, buckets=64, max_tokens=5))


def test_tokens_of_both_and_the_sum_of_the_wholes():
    both = encoder()
    text, words, lengths = both(CAPTIONS), both.words(CAPTIONS), both.frozen(CAPTIONS)
    assert (both.size, both.max_tokens, both.is_frozen) == (8, 15, False)
    assert text.tokens.shape == (3, 5, 8)
    torch.testing.assert_close(text.tokens[:, 2:], words.tokens)
    torch.testing.assert_close(text.tokens[:, :2], both.tokens(lengths.tokens))
    assert torch.equal(text.mask, torch.cat([lengths.mask, words.mask], dim=1))
    torch.testing.assert_close(text.pooled, words.pooled + both.pooled(lengths.pooled))


def test_both_have_a_say_in_the_fingerprint():
    both, larger = encoder(), WithWords(Lengths(), BagOfWords(size=8, buckets=65, max_tokens=5))
    assert both.fingerprint != larger.fingerprint
    assert both.fingerprint not in (both.frozen.fingerprint, both.words.fingerprint)


def test_a_trainable_encoder_in_the_place_of_the_frozen_one_is_refused():
    with pytest.raises(ConfigError, match=r"model\.text\.frozen is a BagOfWords"):
        WithWords(BagOfWords(size=8), BagOfWords(size=8))


@pytest.mark.parametrize("name", ["bag_of_words", "minilm", "minilm_words", "t5", "clip"])
def test_the_configs_build_what_they_say(name, bert, t5, clip):
    GlobalHydra.instance().clear()
    folders = {
        "minilm": ("path", bert),
        "minilm_words": ("frozen.path", bert),
        "t5": ("path", t5),
        "clip": ("path", clip),
    }
    overrides = [f"+model/text={name}"]
    if name in folders:
        key, folder = folders[name]
        overrides.append(f"model.text.{key}={folder}")
    if name != "bag_of_words":
        overrides.append(f"model.text.{'frozen.' if name == 'minilm_words' else ''}max_tokens=16")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(overrides=overrides)
    built = instantiate(config.model.text)
    text = built(CAPTIONS)
    assert text.pooled.shape == (3, built.size)
    assert built.is_frozen == (name in ("minilm", "t5", "clip"))
