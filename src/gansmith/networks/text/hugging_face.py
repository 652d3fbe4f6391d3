"""Networks in the layout of Hugging Face's transformers, from a folder or its hub; nothing in the files is executed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gansmith.errors import ConfigError, WeightsError
from gansmith.networks.text.encoder import digest

PACKAGES = "model.text: {} is not here; pip install 'gansmith[text]' brings it, and model/text=bag_of_words needs none"
SMALL_FILES = ("*.json", "*.txt", "*.model")
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
SAMPLE = 2**20


class Published:
    """A network with the tokenizer that it was trained with; built once a process and device, and never trained.

    Args:
        tokenizer: of transformers.
        network: of transformers.
        device: where it computes.
    """

    def __init__(self, tokenizer: Any, network: Any, device: torch.device) -> None:
        self.tokenizer, self.device = tokenizer, device
        self.network = network.to(device, torch.float32).eval().requires_grad_(False)

    def token_numbers(self, captions: list[str], max_tokens: int) -> tuple[list[list[int]], bool]:
        """Of each caption the numbers of its tokens, the marks of its ends among them; and whether any was cut."""
        # The tokenizers take whole characters only, and a command line can hold halves.
        texts = [caption.encode(errors="replace").decode() for caption in captions]
        rows = self.tokenizer(texts, truncation=True, max_length=max_tokens)["input_ids"]
        full = [text for text, row in zip(texts, rows) if len(row) == max_tokens]
        lengths = [len(row) for row in self.tokenizer(full, verbose=False)["input_ids"]] if full else []
        return rows, any(length > max_tokens for length in lengths)

    def batch(self, rows: list[list[int]], length: int) -> tuple[Tensor, Tensor]:
        """Token numbers (n, length) int64 and mask (n, length) bool; the padding is at the right."""
        padding = self.tokenizer.pad_token_id or 0
        numbers = torch.tensor([row + [padding] * (length - len(row)) for row in rows], device=self.device)
        lengths = torch.tensor([len(row) for row in rows], device=self.device)
        return numbers, torch.arange(length, device=self.device) < lengths[:, None]


def check_package(name: str) -> None:
    """Raises ConfigError where a package of the extra is missing."""
    if find_spec(name) is None:
        raise ConfigError(PACKAGES.format(f"the package {name.replace('_', '-')}"))


def folder_of(path: str) -> Path:
    """The folder `path`, or that of the hub's files by this name, which are downloaded where they are missing.

    Raises:
        ConfigError: a package is missing.
        WeightsError: there is neither such a folder nor such a name.
    """
    check_package("transformers")
    if (folder := Path(path).expanduser()).is_dir():
        return folder
    hub = import_module("huggingface_hub")
    try:
        folder = Path(hub.snapshot_download(path, allow_patterns=[*SMALL_FILES, WEIGHTS[0]]))
        if not any(folder.glob(WEIGHTS[0])):
            folder = Path(hub.snapshot_download(path, allow_patterns=[*SMALL_FILES, WEIGHTS[1]]))
    except Exception as error:
        raise WeightsError(
            f"model.text.path: {path} is no folder here, and Hugging Face's hub did not give it ({_cause(error)})"
        ) from error
    return folder


def read_config(name: str, folder: str) -> Any:
    """The config of a network, of the class that is called `name` in transformers.

    Raises:
        WeightsError: there is none in the folder, or one of another network.
    """
    if not (Path(folder) / "config.json").is_file():
        raise WeightsError(f"model.text.path: {folder} has no config.json of transformers")
    config_class = getattr(import_module("transformers"), name)
    try:
        content, _ = config_class.get_config_dict(folder, local_files_only=True)
        kinds = {config_class.model_type, content.get("model_type")}
        # A file of a whole CLIP holds its text encoder too.
        if len(kinds) > 1 and kinds != {"clip_text_model", "clip"}:
            raise WeightsError(f"model.text.path: {folder} holds a {content.get('model_type')}, not a {name[:-6]}")
        return config_class.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise WeightsError(f"model.text.path: {folder}/config.json can't be read ({_cause(error)})") from error


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def published(name: str, folder: str, device: torch.device) -> Published:
    """The network in a folder, of the class that is called `name` in transformers, in float32.

    Raises:
        WeightsError: a file is missing, damaged, or of another network.
    """
    # Forked workers would warn that they share its threads.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    transformers = import_module("transformers")
    network_class = getattr(transformers, name)
    with _quiet(transformers), torch.random.fork_rng(devices=[]):
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except Exception as error:
            raise WeightsError(
                f"model.text.path: {folder} has no tokenizer that can be read ({_cause(error)})"
            ) from error
        try:
            network, report = network_class.from_pretrained(folder, local_files_only=True, output_loading_info=True)
        except Exception as error:
            raise WeightsError(
                f"model.text.path: {folder} has no weights that can be read ({_cause(error)})"
            ) from error
    # MiniLM is published without the pooler that BERT has.
    if missing := sorted(key for key in report["missing_keys"] if not key.startswith("pooler.")):
        raise WeightsError(f"model.text.path: the weights in {folder} lack {', '.join(missing[:3])} of a {name}")
    return Published(tokenizer, network, device)


@lru_cache(maxsize=8)
def content_of(folder: str) -> str:
    """Stands for what is in a folder; of large files, their size, their beginning and their end are looked at.

    Raises:
        WeightsError: there are no weights.
    """
    files = sorted({file for pattern in (*SMALL_FILES, *WEIGHTS) for file in Path(folder).glob(pattern)})
    if not any(file.match(pattern) for file in files for pattern in WEIGHTS):
        raise WeightsError(f"model.text.path: {folder} has no weights ({' or '.join(WEIGHTS)})")
    return digest(**{file.name: _sample(file) for file in files})


def _sample(file: Path) -> str:
    size = file.stat().st_size
    with file.open("rb") as content:
        beginning = content.read(SAMPLE)
        content.seek(max(0, size - SAMPLE))
        return digest(size=size, beginning=beginning.hex(), end=content.read().hex())


def _cause(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Without its progress bars and its report on weights that go unused."""
    logging = transformers.utils.logging
    verbosity, has_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if has_bars:
            logging.enable_progress_bar()
