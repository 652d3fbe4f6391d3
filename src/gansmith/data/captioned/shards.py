"""WebDataset's tar shards, read in place: an index of where each picture lies is made once, at the start."""

from __future__ import annotations

import glob
import json
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

from gansmith.data.captioned.source import COLUMNS, CaptionedFileSource, Texts, captions_in, with_captions
from gansmith.data.files import Stamp
from gansmith.errors import DataError

PICTURES = ("jpg", "jpeg", "png", "webp")
LARGEST_TEXT = 2**20

BRACES = re.compile(r"\{([^{}]*)\}")
RANGE = re.compile(r"(\d+)\.\.(\d+)")

Place = tuple[str, int, int]


class Shards:
    """The captioned pictures of tar files; files of one name but for their endings belong together.

    root: a folder of .tar files, or a pattern of them: "shards/*.tar", "shards/{0000..0009}.tar".
    texts: name -> captions, of its .txt (one a line) and of `text` or `caption` in its .json.
    Raises DataError if there are no shards, one is broken, or nothing in them is a captioned picture.
    """

    def __init__(self, root: Path) -> None:
        self.place = os.path.realpath(root)
        self._places: dict[str, Place] = {}
        stamps: dict[str, Stamp] = {}
        texts: dict[str, list[str]] = {}
        for shard in shards_of(str(root)):
            for name, place, said in _entries(shard):
                if place is not None:
                    changed = os.stat(shard).st_mtime_ns + place[1]
                    self._places[name], stamps[name] = place, (place[2], changed)
                texts.setdefault(name, []).extend(said)
        if not stamps:
            raise DataError(f"data.root={root}: its shards hold no pictures ({', '.join(PICTURES)})")
        sought = f"a .txt, or a .json with {' or '.join(COLUMNS)}, of the picture's name"
        self.texts: Texts = with_captions(str(root), dict(sorted(stamps.items())), texts, sought)
        self.stamps = {name: stamps[name] for name in self.texts}

    def read(self, name: str) -> bytes:
        shard, begin, size = self._places[name]
        with open(shard, "rb") as file:
            file.seek(begin)
            return file.read(size)


class CaptionedShards(CaptionedFileSource):
    """The captioned pictures of the tar shards that `data.root` names; arguments as for `EncodedSource`."""

    def files(self, root: Path) -> Shards:
        return Shards(root)


def shards_of(root: str) -> list[str]:
    """The tar files of a folder or a pattern, sorted. Raises DataError if there are none or one is missing."""
    if os.path.isdir(root):
        found = glob.glob(os.path.join(glob.escape(root), "*.tar"))
    else:
        found = [path for pattern in _expanded(root) for path in glob.glob(pattern) or _plain(pattern)]
    if not found:
        raise DataError(f"data.root={root} names no .tar files")
    for path in found:
        if not os.path.isfile(path):
            raise DataError(f"data.root={root}: {path} does not exist")
    return sorted(set(found))


def _plain(pattern: str) -> list[str]:
    return [] if glob.has_magic(pattern) else [pattern]


def _expanded(pattern: str) -> Iterator[str]:
    """A pattern without its braces: {a,b} is either, {08..11} is 08, 09, 10 or 11."""
    braces = BRACES.search(pattern)
    if braces is None:
        yield pattern
        return
    span = RANGE.fullmatch(braces[1])
    if span is None:
        options = braces[1].split(",")
    else:
        options = [f"{number:0{len(span[1])}}" for number in range(int(span[1]), int(span[2]) + 1)]
    for option in options:
        yield from _expanded(pattern[: braces.start()] + option + pattern[braces.end() :])


def _entries(shard: str) -> Iterator[tuple[str, Place | None, list[str]]]:
    """Of each file in a shard the name it shares with others, where it lies if it is a picture, and its captions."""
    try:
        with tarfile.open(shard, "r:") as archive:
            for member in archive:
                stem, _, ending = member.name.rpartition("/")[2].partition(".")
                if not member.isfile() or not stem:
                    continue
                folder = member.name.rpartition("/")[0]
                name = "/".join(filter(None, (os.path.basename(shard), folder, stem)))
                if ending.lower() in PICTURES:
                    yield name, (shard, member.offset_data, member.size), []
                elif ending.lower() in ("txt", "json"):
                    yield name, None, _texts(archive, member, f"{shard}: {member.name}")
    except (OSError, tarfile.TarError) as error:
        raise DataError(f"{shard} is no uncompressed tar archive: {error}") from error


def _texts(archive: tarfile.TarFile, member: tarfile.TarInfo, place: str) -> list[str]:
    content = archive.extractfile(member)
    if content is None or member.size > LARGEST_TEXT:
        raise DataError(f"{place} has {member.size} bytes, more than {LARGEST_TEXT}")
    try:
        text = content.read().decode("utf-8-sig")
        if not member.name.lower().endswith(".json"):
            return text.splitlines()
        row = json.loads(text)
    except ValueError as error:
        raise DataError(f"{place} can't be read: {error}") from error
    # A .json of something else may lie beside a .txt.
    has_captions = isinstance(row, dict) and not row.keys().isdisjoint(COLUMNS)
    return list(captions_in(row, None, place)) if has_captions else []
