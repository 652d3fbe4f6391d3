"""A frozen encoder and a trainable one side by side."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from gansmith.errors import ConfigError
from gansmith.networks.text.encoder import TextEncoder, digest
from gansmith.networks.text.text import Text


class WithWords(TextEncoder):
    """Tokens of both, one after the other, and the sum of both wholes, in the size of the trainable encoder.

    A frozen sentence encoder knows what words mean, but tells a red apple from a green one badly; the words that
    the model learns itself keep what the pictures are about.

    Args:
        frozen: any frozen encoder.
        words: the trainable one.

    Raises:
        ConfigError: `frozen` is none.
    """

    def __init__(self, frozen: TextEncoder, words: TextEncoder) -> None:
        super().__init__()
        if not frozen.is_frozen:
            raise ConfigError(f"model.text.frozen is a {type(frozen).__name__}, which is trained itself; use it alone")
        self.frozen, self.words = frozen, words
        self.size, self.max_tokens = words.size, frozen.max_tokens + words.max_tokens
        self.tokens = nn.Linear(frozen.size, words.size)
        self.pooled = nn.Linear(frozen.size, words.size)

    @property
    def fingerprint(self) -> str:
        return digest(frozen=self.frozen.fingerprint, words=self.words.fingerprint)

    def forward(self, captions: Sequence[str]) -> Text:
        """Text of n captions."""
        frozen, words = self.frozen(captions), self.words(captions)
        return Text(
            torch.cat([self.tokens(frozen.tokens), words.tokens], dim=1),
            torch.cat([frozen.mask, words.mask], dim=1),
            self.pooled(frozen.pooled) + words.pooled,
        )
