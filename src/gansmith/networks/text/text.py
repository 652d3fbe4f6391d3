"""What an encoder makes of captions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad


@dataclass(frozen=True)
class Text:
    """n captions: each as a row of tokens, and as a whole.

    Args:
        tokens: (n, L, d), where a shorter caption ends in padding of any value.
        mask: (n, L) bool, True for a token; each row has at least one.
        pooled: (n, d).
    """

    tokens: Tensor
    mask: Tensor
    pooled: Tensor

    def __len__(self) -> int:
        return len(self.pooled)

    def __getitem__(self, rows: slice | Tensor | list[int]) -> Text:
        """Some of the captions, as a Text of their own; the padding stays."""
        return Text(self.tokens[rows], self.mask[rows], self.pooled[rows])

    def to(self, *args: Any, **kwargs: Any) -> Text:
        """As `Tensor.to`, with a device, a floating type or both; the mask stays bool."""
        tokens = self.tokens.to(*args, **kwargs)
        return Text(tokens, self.mask.to(tokens.device), self.pooled.to(*args, **kwargs))

    def followed_by(self, other: Text) -> Text:
        """These captions, and those of `other` behind them."""
        length = max(self.mask.shape[1], other.mask.shape[1])
        mine, theirs = self._padded(length), other._padded(length)
        return Text(
            torch.cat([mine.tokens, theirs.tokens]),
            torch.cat([mine.mask, theirs.mask]),
            torch.cat([mine.pooled, theirs.pooled]),
        )

    def where(self, keep: Tensor, other: Text) -> Text:
        """These captions where `keep` holds, and those of `other` elsewhere: the dropping of captions that
        classifier-free guidance trains with (Ho and Salimans, 2022, arXiv:2207.12598, algorithm 1).

        Args:
            keep: (n,) bool.
            other: n captions, or a single one that stands in for all.
        """
        length = max(self.mask.shape[1], other.mask.shape[1])
        mine, theirs = self._padded(length), other._padded(length)
        return Text(
            torch.where(keep[:, None, None], mine.tokens, theirs.tokens),
            torch.where(keep[:, None], mine.mask, theirs.mask),
            torch.where(keep[:, None], mine.pooled, theirs.pooled),
        )

    def _padded(self, length: int) -> Text:
        missing = length - self.mask.shape[1]
        return Text(pad(self.tokens, (0, 0, 0, missing)), pad(self.mask, (0, missing)), self.pooled)
