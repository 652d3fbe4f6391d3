"""CLIP's text encoder out of a whole CLIP."""

import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.networks.text.clip import CLIPText


def test_tokens_and_the_mark_at_the_end_are_those_of_the_whole_network(clip):
    transformers = pytest.importorskip("transformers")
    network = transformers.CLIPModel.from_pretrained(clip).eval().text_model
    tokenizer = transformers.AutoTokenizer.from_pretrained(clip)
    encoder, captions = CLIPText(str(clip), max_tokens=20), ["a red circle", "", "blue"]
    text = encoder(captions)
    assert encoder.size == 8
    assert text.mask.sum(1).tolist() == [12, 2, 6]
    for row, caption in enumerate(captions):
        with torch.no_grad():
            expected = network(**tokenizer(caption, return_tensors="pt"))
        torch.testing.assert_close(
            text.tokens[row, text.mask[row]], expected.last_hidden_state[0], rtol=1e-4, atol=1e-5
        )
        whole = expected.pooler_output[0]
        torch.testing.assert_close(text.pooled[row], whole / whole.norm() * 8**0.5, rtol=1e-4, atol=1e-5)


def test_its_limit_is_that_of_its_positions(clip):
    with pytest.raises(ConfigError, match=r"model\.text\.max_tokens is 77; .* takes up to 20"):
        CLIPText(str(clip))


def test_a_cut_caption_keeps_the_mark_at_its_end(clip):
    encoder = CLIPText(str(clip), max_tokens=5)
    cut, exact = encoder(["abcdef", "abc"]).pooled
    assert not torch.equal(cut, exact)
    assert encoder(["abcdef"]).mask.sum() == 5
