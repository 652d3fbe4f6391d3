"""A text encoder that is learnt with the model and needs no weights to start from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from gansmith.networks.sizes import check_sizes
from gansmith.networks.text.encoder import TextEncoder, digest, warn_of_cut
from gansmith.networks.text.parts import buckets_of
from gansmith.networks.text.text import Text

REACH = 7


class BagOfWords(TextEncoder):
    """One token a word: the mean of its parts in a hashed table, its place, and what its neighbours say about it.

    Without the neighbours, the whole would be the same for "a red circle and a blue square" and "a blue circle
    and a red square". Any language works, and there is no vocabulary to build: see `parts`.

    Args:
        size: d.
        buckets: rows of the table; parts that share one are told apart by the word's other parts.
        max_tokens: words of a caption that are read; characters where a script has no spaces.

    Raises:
        ConfigError: a number below one.
    """

    def __init__(self, size: int = 256, buckets: int = 8192, max_tokens: int = 32) -> None:
        super().__init__()
        check_sizes(**{"text.size": size, "text.buckets": buckets, "text.max_tokens": max_tokens})
        self.size, self.buckets, self.max_tokens = size, buckets, max_tokens
        self.table = nn.EmbeddingBag(buckets, size, mode="mean")
        # Parts are few or many; a long word counts as much as a short one.
        self.norm = nn.LayerNorm(size)
        self.places = nn.Parameter(0.02 * torch.randn(max_tokens, size))
        self.neighbours = Neighbours(size)
        self.whole = nn.Sequential(nn.LayerNorm(size), nn.Linear(size, size))

    @property
    def fingerprint(self) -> str:
        return digest(kind="bag of words", size=self.size, buckets=self.buckets, max_tokens=self.max_tokens)

    def forward(self, captions: Sequence[str]) -> Text:
        """Text of n captions, L = the words of the longest one."""
        rows = [self._words_of(caption) for caption in captions]
        words = {word: number for number, word in enumerate(dict.fromkeys(word for row in rows for word in row))}
        lengths = torch.tensor([len(row) for row in rows])
        longest = int(lengths.max())
        numbers = torch.tensor([[words[word] for word in row] + [0] * (longest - len(row)) for row in rows])
        device = self.places.device
        mask = (torch.arange(longest) < lengths[:, None]).to(device)
        tokens = self.norm(self._vectors(list(words)))[numbers.to(device)] + self.places[:longest]
        tokens = self.neighbours(tokens, mask)
        mean = tokens.masked_fill(~mask[..., None], 0).sum(1) / mask.sum(1, keepdim=True)
        return Text(tokens, mask, self.whole(mean))

    def _words_of(self, caption: str) -> tuple[tuple[int, ...], ...]:
        words = buckets_of(caption, self.buckets)
        if len(words) > self.max_tokens:
            warn_of_cut("bag_of_words", self.max_tokens)
        return words[: self.max_tokens]

    def _vectors(self, words: list[tuple[int, ...]]) -> Tensor:
        """(words, d): the means of their parts."""
        parts = torch.tensor([part for word in words for part in word])
        starts = torch.tensor([0, *accumulate(len(word) for word in words[:-1])])
        return self.table(parts.to(self.places.device), starts.to(self.places.device))


class Neighbours(nn.Module):
    """Adds to each token what the tokens around it make of it, three to the left and three to the right.

    A block of ConvNeXt (Liu et al., 2022, arXiv:2201.03545, section 2.6) along one dimension and without expansion.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.around = nn.Conv1d(size, size, REACH, padding=REACH // 2, groups=size)
        self.norm = nn.LayerNorm(size)
        self.layers = nn.ModuleList([nn.Linear(size, size), nn.Linear(size, size)])

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(n, L, d) and (n, L) bool to (n, L, d); what stands in the padding reaches no token."""
        inside = tokens.masked_fill(~mask[..., None], 0)
        around = self.norm(self.around(inside.transpose(1, 2)).transpose(1, 2))
        return tokens + self.layers[1](silu(self.layers[0](around)))
