"""T5's encoder out of a whole T5."""

import pytest
import torch

from gansmith.networks.text.t5 import T5Text


def test_tokens_are_those_of_the_encoder_and_the_whole_is_their_mean(t5):
    transformers = pytest.importorskip("transformers")
    network = transformers.T5ForConditionalGeneration.from_pretrained(t5).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(t5)
    encoder, captions = T5Text(str(t5)), ["a red circle left of the square", "", "blue"]
    text = encoder(captions)
    assert (encoder.size, encoder.max_tokens) == (8, 128)
    assert text.mask.sum(1).tolist() == [8, 1, 2]
    for row, caption in enumerate(captions):
        with torch.no_grad():
            numbers = tokenizer(caption, return_tensors="pt")["input_ids"]
            expected = network.encoder(input_ids=numbers).last_hidden_state[0]
        torch.testing.assert_close(text.tokens[row, text.mask[row]], expected, rtol=1e-4, atol=1e-5)
        mean = expected.mean(0)
        torch.testing.assert_close(text.pooled[row], mean / mean.norm() * 8**0.5, rtol=1e-4, atol=1e-5)
