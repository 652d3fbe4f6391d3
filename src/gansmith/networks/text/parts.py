"""Words of captions in any language, and the parts by which a table knows them.

A word is itself and its character n-grams (Bojanowski et al., 2017, arXiv:1607.04606, section 3.2), so that words
that look alike have parts in common, and one that training never showed still has known parts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby

LENGTHS = (3, 4, 5)
MEANINGFUL = "#&*%@"
"""Symbols that Unicode counts as punctuation."""

UNSPACED = (
    (0x3005, 0x3007),
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
"""Chinese characters and Japanese syllables, which are written without spaces."""


@lru_cache(maxsize=2**14)
def buckets_of(caption: str, buckets: int) -> tuple[tuple[int, ...], ...]:
    """For each word of a caption, the numbers in [0, buckets) of its parts; they are the same on every machine.

    A caption without any word is one word, the empty one.
    """
    text = unicodedata.normalize("NFKC", caption).lower()
    words = [parts for kind, run in groupby(text, _kind) for parts in _words("".join(run), kind)]
    return tuple(_hashed(parts, buckets) for parts in words or [word_parts("")])


def word_parts(word: str) -> tuple[str, ...]:
    """A word between its boundaries, and the n-grams of that."""
    bounded = f"<{word}>"
    grams = (bounded[start : start + n] for n in LENGTHS for start in range(len(bounded) - n + 1))
    return tuple(dict.fromkeys((bounded, *grams)))


def unspaced_parts(run: str) -> list[tuple[str, ...]]:
    """Of each character in a run without spaces: itself, and the pairs that it makes with its neighbours."""
    pairs = [run[place : place + 2] for place in range(len(run) - 1)]
    return [(run[place], *pairs[max(0, place - 1) : place + 1]) for place in range(len(run))]


def _words(run: str, kind: str) -> Iterable[tuple[str, ...]]:
    if kind == "word":
        return [word_parts(run)]
    if kind == "unspaced":
        return unspaced_parts(run)
    return [word_parts(symbol) for symbol in run] if kind == "symbol" else []


def _kind(character: str) -> str:
    if any(first <= ord(character) <= last for first, last in UNSPACED):
        return "unspaced"
    category = unicodedata.category(character)[0]
    if category in "LMN":
        return "word"
    return "symbol" if category == "S" or character in MEANINGFUL else "gap"


@lru_cache(maxsize=2**16)
def _hashed(parts: tuple[str, ...], buckets: int) -> tuple[int, ...]:
    # A caption from a command line can hold halves of characters.
    digests = (blake2b(part.encode(errors="surrogatepass"), digest_size=8).digest() for part in parts)
    return tuple(int.from_bytes(digest, "big") % buckets for digest in digests)
