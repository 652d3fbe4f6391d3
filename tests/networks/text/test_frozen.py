"""A frozen encoder: what it computes, that it never changes, and that nobody carries its weights."""

import logging
import pickle
from copy import deepcopy
from pathlib import Path

import pytest
import torch

from gansmith.errors import ConfigError, WeightsError
from gansmith.networks.text import frozen
from gansmith.networks.text.frozen import memory_of
from gansmith.networks.text.hugging_face import published
from gansmith.networks.text.minilm import MiniLM

CAPTIONS = ["a red circle left of the blue square", "", "green", "the red apple", "a cross", "circle"]


def encoder(folder: Path, max_tokens: int = 16, **arguments: str) -> MiniLM:
    return MiniLM(str(folder), max_tokens, **arguments)


def test_tokens_and_their_mean_are_those_of_the_network_itself(bert):
    transformers = pytest.importorskip("transformers")
    network = transformers.BertModel.from_pretrained(bert, add_pooling_layer=False).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(bert)
    text = encoder(bert)(CAPTIONS)
    assert text.tokens.shape == (6, 10, 8)
    for row, caption in enumerate(CAPTIONS):
        with torch.no_grad():
            expected = network(**tokenizer(caption, return_tensors="pt")).last_hidden_state[0]
        torch.testing.assert_close(text.tokens[row, text.mask[row]], expected, rtol=1e-4, atol=1e-5)
        mean = expected.mean(0)
        torch.testing.assert_close(text.pooled[row], mean / mean.norm() * 8**0.5, rtol=1e-4, atol=1e-5)


def test_an_encoding_does_not_depend_on_its_company(bert):
    network = encoder(bert)
    together = network(CAPTIONS)
    for row in reversed(range(len(CAPTIONS))):
        memory_of.cache_clear()
        alone = network([CAPTIONS[row]])
        assert torch.equal(together.tokens[row, together.mask[row]], alone.tokens[0])
        assert torch.equal(together.pooled[row], alone.pooled[0])


def test_the_empty_caption_has_tokens_of_its_own(bert):
    text = encoder(bert)(["", "a"])
    assert text.mask.sum(1).tolist() == [2, 3]
    assert text.tokens.isfinite().all()
    assert not torch.equal(text.pooled[0], text.pooled[1])


def test_long_captions_are_cut_and_it_is_said_once(bert, caplog):
    network = encoder(bert, max_tokens=4)
    with caplog.at_level(logging.WARNING):
        exact = network(["a red"])
        assert not caplog.records
        cut = network(["a red circle", "a red square of the apple"])
        network(["the blue cross"])
    assert torch.equal(cut.tokens[0], cut.tokens[1])
    assert torch.equal(cut.tokens[0], exact.tokens[0])
    (record,) = caplog.records
    assert record.getMessage() == "MiniLM reads the first 4 tokens of a caption: longer ones are cut"


def test_it_is_no_part_of_a_checkpoint_nor_of_an_optimizer(bert):
    network = encoder(bert)
    network(CAPTIONS)
    assert network.is_frozen
    assert not network.state_dict()
    assert not list(network.parameters())
    assert len(pickle.dumps(network)) < 5000
    assert torch.equal(pickle.loads(pickle.dumps(network))(CAPTIONS).tokens, network(CAPTIONS).tokens)


def test_training_mode_and_precision_around_it_change_nothing(bert):
    network = encoder(bert)
    expected = network(CAPTIONS)
    memory_of.cache_clear()
    network.train()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(network(CAPTIONS).tokens, expected.tokens)
    double = deepcopy(network).double()(CAPTIONS)
    assert double.tokens.dtype == double.pooled.dtype == torch.float64
    assert torch.equal(double.tokens, expected.tokens.double())


def test_what_an_evaluation_encoded_serves_training(bert):
    network, layer = encoder(bert), torch.nn.Linear(8, 1)
    with torch.inference_mode():
        network(CAPTIONS)
    layer(network(CAPTIONS).pooled).sum().backward()
    assert layer.weight.grad.abs().sum() > 0


def test_is_read_once_and_takes_no_random_numbers(bert):
    published.cache_clear()
    before = torch.get_rng_state()
    encoder(bert)(CAPTIONS)
    encoder(bert, max_tokens=8)(CAPTIONS)
    assert torch.equal(torch.get_rng_state(), before)
    assert published.cache_info().misses == 1


def test_copies_remember_together_and_the_file_spares_reading_the_network(bert, tmp_path, monkeypatch):
    expected = encoder(bert, cache_dir=str(tmp_path))(CAPTIONS)

    def unneeded(*_):
        raise AssertionError("encodes again")

    monkeypatch.setattr(frozen, "published", unneeded)
    assert torch.equal(encoder(bert, cache_dir=str(tmp_path))(CAPTIONS).tokens, expected.tokens)
    memory_of.cache_clear()
    again = encoder(bert, cache_dir=str(tmp_path))(CAPTIONS)
    assert torch.equal(again.tokens, expected.tokens)
    assert torch.equal(again.pooled, expected.pooled)
    (file,) = tmp_path.iterdir()
    assert file.stem == encoder(bert).fingerprint


def test_fingerprints_are_of_weights_and_limit_and_not_of_the_place(bert, tmp_path):
    copy, other = tmp_path / "copy", tmp_path / "other"
    for folder in (copy, other):
        folder.mkdir()
        for file in bert.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
    weights = (other / "model.safetensors").read_bytes()
    (other / "model.safetensors").write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    assert encoder(copy).fingerprint == encoder(bert).fingerprint
    assert encoder(other).fingerprint != encoder(bert).fingerprint
    assert encoder(bert, max_tokens=8).fingerprint != encoder(bert).fingerprint


def test_a_limit_that_the_network_does_not_take_is_refused(bert):
    with pytest.raises(ConfigError, match=r"model\.text\.max_tokens is 17; .* takes up to 16"):
        encoder(bert, max_tokens=17)
    with pytest.raises(ConfigError, match=r"model\.text\.max_tokens is 0"):
        encoder(bert, max_tokens=0)


def test_no_weights_no_tokenizer_and_no_config_are_one_line_each(bert, tmp_path):
    for number, (missing, why) in enumerate(
        {"config.json": "no config.json", "model.safetensors": "has no weights"}.items()
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        for file in bert.iterdir():
            if file.name != missing:
                (folder / file.name).write_bytes(file.read_bytes())
        with pytest.raises(WeightsError, match=why) as error:
            encoder(folder)(CAPTIONS)
        assert str(folder) in str(error.value)
        assert "\n" not in str(error.value)
