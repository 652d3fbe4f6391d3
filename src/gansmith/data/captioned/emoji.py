"""Emoji as captioned pictures: Google's Noto Emoji, as the package emoji-datasource-google lays them out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from gansmith.data.captioned.source import CaptionedFileSource, Texts
from gansmith.data.catalogue import Finding
from gansmith.data.files import Folder, PictureFiles
from gansmith.data.split import of_split
from gansmith.errors import DataError

TABLE, PICTURES = "emoji.json", "img/google/64"

BRINGS_THEM = "python scripts/get_emoji.py"

TONES = {"1F3FB": "light", "1F3FC": "medium light", "1F3FD": "medium", "1F3FE": "medium dark", "1F3FF": "dark"}


class EmojiFiles(Folder):
    """The emoji of a folder that are in its table.

    texts: name of the picture -> what the emoji is called.
    bases: name of the picture -> code points of the emoji, without its tone of skin.
    Raises DataError if the folder or its table is missing or can't be read.
    """

    def __init__(self, root: Path, skin_tones: bool) -> None:
        table, pictures = root / TABLE, root / PICTURES
        if not (table.is_file() and pictures.is_dir()):
            raise DataError(f"data.root={root} lacks {TABLE} or {PICTURES}; {BRINGS_THEM} brings them")
        super().__init__(pictures)
        try:
            rows = [row for emoji in json.loads(table.read_text(encoding="utf-8")) for row in _rows(emoji, skin_tones)]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DataError(f"{table} is no table of emoji; {BRINGS_THEM} brings it anew") from error
        there = [row for row in rows if row[0] in self.stamps]
        if not there:
            raise DataError(f"{table} names no picture of {pictures}; {BRINGS_THEM} brings them anew")
        self.texts: Texts = {name: texts for name, _, texts in there}
        self.bases = {name: base for name, base, _ in there}
        self.stamps = {name: stamp for name, stamp in self.stamps.items() if name in self.texts}


class Emoji(CaptionedFileSource):
    """Some 1,900 emoji of 64 × 64 pixels, called by their names; about `test_fraction` of them are held out.

    skin_tones: also those that differ in the tone of skin alone; they stay on one side of the split.
    Further arguments as for `EncodedSource`.
    """

    def __init__(self, skin_tones: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.skin_tones = skin_tones

    def files(self, root: Path) -> EmojiFiles:
        return EmojiFiles(root, self.skin_tones)

    def chosen(self, split: str, files: PictureFiles, readable: Mapping[str, Finding], test_fraction: float) -> Tensor:
        """By a hash of the code points, so that all versions and styles of the pictures have one split."""
        assert isinstance(files, EmojiFiles)
        return of_split(split, [files.bases[name].encode() for name in readable], test_fraction)


def _rows(emoji: Mapping[str, Any], skin_tones: bool) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name of the picture, code points, and captions: of an emoji, and of its tones of skin."""
    code, called = emoji["unified"], (emoji["name"], *emoji["short_names"])
    yield emoji["image"], code, _captions(called)
    for tone, other in emoji.get("skin_variations", {}).items() if skin_tones else ():
        words = " and ".join(dict.fromkeys(TONES[part] for part in tone.split("-")))
        yield other["image"], code, tuple(f"{text}, {words} skin tone" for text in _captions(called))


def _captions(called: tuple[str, ...]) -> tuple[str, ...]:
    """Names as words in lower case, each once: ("DOG FACE", "dog") gives "dog face" and "dog"."""
    words = (" ".join(name.replace("_", " ").replace("-", " ").lower().split()) for name in called)
    return tuple(dict.fromkeys(filter(None, words)))
