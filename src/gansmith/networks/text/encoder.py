"""What all text encoders have in common."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from functools import cache

from torch import nn

from gansmith.networks.text.text import Text

log = logging.getLogger(__name__)


class TextEncoder(nn.Module):
    """Captions to a Text, on the module's device and in its floating type.

    The empty caption is a caption like others, with a Text of its own; one that is longer than `max_tokens` is cut.

    Attributes:
        size: d, of tokens and of the whole.
        max_tokens: the most tokens of a caption.
        is_frozen: whether there is nothing to train.
    """

    size: int
    max_tokens: int
    is_frozen: bool = False

    @property
    def fingerprint(self) -> str:
        """16 hex digits that are others for any other encoder; what was learnt here does not enter."""
        raise NotImplementedError

    def forward(self, captions: Sequence[str]) -> Text:
        """Text of n captions."""
        raise NotImplementedError


def digest(**content: object) -> str:
    """16 hex digits that stand for `content`."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


@cache
def warn_of_cut(encoder: str, max_tokens: int) -> None:
    """Says it once a process."""
    log.warning("%s reads the first %d tokens of a caption: longer ones are cut", encoder, max_tokens)
