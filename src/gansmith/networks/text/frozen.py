"""Text encoders that others trained. Nothing here trains them, and no checkpoint holds them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import normalize
from torch.nn.utils.rnn import pad_sequence

from gansmith.errors import ConfigError
from gansmith.networks.sizes import check_sizes
from gansmith.networks.text.encoder import TextEncoder, digest, warn_of_cut
from gansmith.networks.text.hugging_face import Published, content_of, folder_of, published, read_config
from gansmith.networks.text.memory import Memory
from gansmith.networks.text.text import Text

ROWS = 8
STEP = 4
"""A batch always has 8 rows, and a number of tokens that its captions alone decide, a multiple of 4: then an encoding
does not depend on what it was computed with, and a run that goes on finds the very numbers that it had."""


class Frozen(TextEncoder):
    """Captions as a published network sees them, in float32 and remembered.

    The network belongs to the process, is read at the first caption that is not remembered, and is no part of the
    module. The whole has the length √d, as a standard normal vector has on average.

    Args:
        path: folder in Hugging Face's layout, or a name on its hub.
        max_tokens: the most tokens of a caption, including those that mark its ends.
        cache_dir: folder for what was computed, which other processes and runs read too; None remembers in memory.

    Raises:
        ConfigError: a package is missing, or `max_tokens` is more than the network takes.
        WeightsError: no such folder or name, or there is another network in it.
    """

    network: ClassVar[str]
    """Name of the network's class in transformers; that of its config is the same with Config."""

    config: ClassVar[str]
    is_frozen = True

    def __init__(self, path: str, max_tokens: int, cache_dir: str | None = None) -> None:
        super().__init__()
        check_sizes(**{"text.max_tokens": max_tokens})
        self.folder, self.max_tokens, self.cache_dir = str(folder_of(path)), max_tokens, cache_dir
        config = read_config(self.config, self.folder)
        self.size = config.hidden_size
        longest = getattr(config, "max_position_embeddings", None)
        if longest is not None and max_tokens > longest:
            raise ConfigError(f"model.text.max_tokens is {max_tokens}; {path} takes up to {longest}")
        # Follows the module to its device and type, as a parameter would.
        self.register_buffer("place", torch.zeros(()), persistent=False)
        self.place: Tensor

    @property
    def fingerprint(self) -> str:
        return digest(kind=self.network, max_tokens=self.max_tokens, content=content_of(self.folder))

    def forward(self, captions: Sequence[str]) -> Text:
        """Text of n captions, L = the tokens of the longest one; no gradient leads anywhere."""
        memory = memory_of(self.fingerprint, self.size, self.cache_dir)
        encodings = memory.encodings(captions, self._encode)
        lengths = torch.tensor([len(encoding) - 1 for encoding in encodings])
        tokens = pad_sequence([encoding[1:] for encoding in encodings], batch_first=True)
        mask = torch.arange(tokens.shape[1]) < lengths[:, None]
        pooled = torch.stack([encoding[0] for encoding in encodings])
        return Text(tokens, mask, pooled).to(self.place.device, self.place.dtype)

    def pooled(self, output: Any, mask: Tensor) -> Tensor:
        """(n, d) of the whole, from what the network returned; the mean of the tokens unless a class knows better."""
        share = mask / mask.sum(1, keepdim=True)
        return (output.last_hidden_state * share[..., None]).sum(1)

    @torch.inference_mode(False)  # what an evaluation computed first must serve training too
    @torch.no_grad()
    def _encode(self, captions: list[str]) -> list[Tensor]:
        """Of each caption (1 + L, d) in memory: the whole, then the tokens."""
        read = published(self.network, self.folder, self.place.device)
        numbers, is_cut = read.token_numbers(captions, self.max_tokens)
        if is_cut:
            warn_of_cut(type(self).__name__, self.max_tokens)
        places: dict[int, list[int]] = {}
        for place, row in enumerate(numbers):
            places.setdefault(min(-(-len(row) // STEP) * STEP, self.max_tokens), []).append(place)
        found: dict[int, Tensor] = {}
        for length, alike in places.items():
            for first in range(0, len(alike), ROWS):
                some = alike[first : first + ROWS]
                found |= zip(some, self._encode_alike(read, [numbers[place] for place in some], length))
        return [found[place] for place in range(len(captions))]

    def _encode_alike(self, read: Published, rows: list[list[int]], length: int) -> list[Tensor]:
        count = len(rows)
        numbers, mask = read.batch(rows + rows[:1] * (ROWS - count), length)
        with torch.autocast(numbers.device.type, enabled=False):
            output = read.network(input_ids=numbers, attention_mask=mask.long())
            whole = normalize(self.pooled(output, mask), dim=1) * self.size**0.5
        encodings = torch.cat([whole[:, None], output.last_hidden_state], dim=1).cpu()
        return [encoding[: len(row) + 1].clone() for encoding, row in zip(encodings[:count], rows)]


@lru_cache(maxsize=8)
def memory_of(fingerprint: str, width: int, cache_dir: str | None) -> Memory:
    """One a process: copies of a module remember together."""
    return Memory(width, Path(cache_dir) / f"{fingerprint}.sqlite" if cache_dir else None)
