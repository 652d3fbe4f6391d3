"""Every picture of a folder or archive is read once, before training: its hash, or why it can't be read.

What was found is kept in an index, so that the next start reads only what changed since; the resized
pictures can be kept too, as one memory-mapped file. Both are written under another name and renamed, and may
be deleted at any time. Small sets whose resized pictures are not kept write nothing: they are read at every start.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gansmith.data.decode import Decoder, SquareDecoder, UnreadablePicture
from gansmith.data.files import PictureFiles, Stamp
from gansmith.data.imageset import digest
from gansmith.data.lock import one_at_a_time
from gansmith.errors import DataError

logger = logging.getLogger(__name__)

# Sets that are smaller than this after resizing live in memory.
SMALL = 256 * 2**20
BLOCK = 4096
THREADS = min(16, os.cpu_count() or 1)


@dataclass(frozen=True)
class Finding:
    """What reading a picture once found out; `stamp` says of which content.

    size: height and width, where the picture was decoded in its own.
    """

    stamp: Stamp
    digest: str
    problem: str | None
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Catalogue:
    """The findings about every picture, in the order of their names.

    pixels: uint8 (N, C, R, R) in memory, a .npy file of them, or None where they are decoded on the way.
    """

    findings: dict[str, Finding]
    pixels: np.ndarray | Path | None


def read_picture(files: PictureFiles, name: str, decoder: Decoder) -> tuple[bytes, np.ndarray]:
    """A picture's bytes and its pixels, uint8 (C, H, W). Raises UnreadablePicture."""
    if files.stamps[name][0] > decoder.max_bytes:
        raise UnreadablePicture(f"has {files.stamps[name][0]} bytes, more than the {decoder.max_bytes} allowed")
    try:
        encoded = files.read(name)
    except Exception as error:  # whatever a disk, an archive or a decompressor raises
        raise UnreadablePicture(" ".join(str(error).split()) or type(error).__name__) from error
    return encoded, decoder(encoded)


def read_again(files: PictureFiles, name: str, decoder: Decoder) -> np.ndarray:
    """The pixels of a picture that was readable at the start. Raises DataError if it has become unreadable."""
    try:
        return read_picture(files, name, decoder)[1]
    except UnreadablePicture as error:
        raise DataError(f"{files.place}: {name} was readable at the start, and now: {error}") from error


def report_unreadable(files: PictureFiles, findings: Mapping[str, Finding], max_unreadable: float) -> None:
    """Name the broken pictures in the log. Raises DataError if they are a larger share than `max_unreadable`."""
    broken = {name: item.problem for name, item in findings.items() if item.problem is not None}
    for name, problem in broken.items():
        logger.warning("left out %s: %s", name, problem)
    if broken:
        logger.warning("left out %d of %d pictures in %s", len(broken), len(findings), files.place)
    if len(broken) > max_unreadable * len(findings):
        first, problem = next(iter(broken.items()))
        raise DataError(
            f"{files.place}: {len(broken)} of {len(findings)} pictures can't be read, more than "
            f"data.source.max_unreadable={max_unreadable} allows; the first is {first}: {problem}"
        )


def catalogue(files: PictureFiles, decoder: SquareDecoder, cache_dir: Path, cache: bool) -> Catalogue:
    """What reading every picture finds out.

    cache: keep the resized pictures on disk. Otherwise small sets are decoded into memory, by every process at
        every start, and larger ones while training.
    Where something is kept, only what was not read before is read; of several processes one does so and the
    others wait.
    Raises DataError if something is kept and `cache_dir` can't be written or has no room.
    """
    index = index_file(files, decoder, cache_dir)
    stored = cache_dir / f"{_content_key(files, decoder)}.npy"
    shape = (len(files.stamps), decoder.channels, decoder.resolution, decoder.resolution)
    if not cache and np.prod(shape) <= SMALL:
        # Nothing is shared: a lock would only make processes decode one after another.
        pixels = np.zeros(shape, np.uint8)
        return Catalogue(dict(read_all(files, files.stamps, decoder, pixels.__setitem__)), pixels)
    try:
        with one_at_a_time(index.with_suffix(".lock")):
            if cache and not stored.exists():
                findings = _store(files, decoder, stored, shape)
                save_index(index, findings)
            else:
                findings = refresh(files, decoder, index)
    except OSError as error:
        raise DataError(f"data.source.cache_dir={cache_dir} can't be written: {error}") from error
    return Catalogue(findings, stored if cache else None)


def _content_key(files: PictureFiles, decoder: SquareDecoder) -> str:
    return digest([json.dumps([files.place, files.stamps, repr(decoder)]).encode()])


def index_file(files: PictureFiles, decoder: Decoder, cache_dir: Path) -> Path:
    """Where the findings are kept: what they say depends on the place and on what `decoder` refuses."""
    place = digest([files.place.encode(errors="surrogateescape")])
    return cache_dir / f"{place}-{decoder.max_pixels}{'-whole' if decoder.own_size else ''}.json"


def refresh(files: PictureFiles, decoder: Decoder, index: Path) -> dict[str, Finding]:
    """The findings about every picture, reading only those whose stamp is not in the index."""
    known = _load_index(index)
    same = {name: known[name] for name, stamp in files.stamps.items() if name in known and known[name].stamp == stamp}
    try:
        same.update(read_all(files, [name for name in files.stamps if name not in same], decoder))
    finally:
        # An interrupted start goes on where it was.
        save_index(index, same)
    return {name: same[name] for name in files.stamps}


def _store(files: PictureFiles, decoder: Decoder, stored: Path, shape: tuple[int, ...]) -> dict[str, Finding]:
    """Read every picture and keep the resized ones in `stored`."""
    needed, free = int(np.prod(shape)), shutil.disk_usage(stored.parent).free
    if needed > free:
        raise DataError(
            f"data.source.cache_dir={stored.parent} has {free / 2**30:.1f} GiB free and needs "
            f"{needed / 2**30:.1f}; data.source.cache=false needs none"
        )
    logger.info("keeping %.2f GiB of resized pictures in %s", needed / 2**30, stored)
    unfinished = stored.with_suffix(f".{os.getpid()}.tmp")
    try:
        pixels = np.lib.format.open_memmap(unfinished, mode="w+", dtype=np.uint8, shape=shape)
        findings = dict(read_all(files, files.stamps, decoder, pixels.__setitem__))
        pixels.flush()
        os.replace(unfinished, stored)
    finally:
        unfinished.unlink(missing_ok=True)
    return findings


def read_all(
    files: PictureFiles,
    names: Iterable[str],
    decoder: Decoder,
    keep: Callable[[int, np.ndarray], None] = lambda place, picture: None,
) -> Iterator[tuple[str, Finding]]:
    """Read pictures in parallel; `keep` is called with i and the i-th name's pixels, from several threads."""

    def read(place: int) -> Finding:
        name = wanted[place]
        try:
            encoded, picture = read_picture(files, name, decoder)
        except UnreadablePicture as error:
            return Finding(files.stamps[name], "", str(error))
        keep(place, picture)
        size = picture.shape[1:] if decoder.own_size else None
        return Finding(files.stamps[name], digest([encoded]), None, size)

    wanted = list(names)
    # Pillow decodes and resizes outside of Python's lock.
    with ThreadPoolExecutor(THREADS) as pool:
        for begin in range(0, len(wanted), BLOCK):
            logger.info("reading pictures of %s: %d of %d", files.place, begin, len(wanted))
            block = range(begin, min(begin + BLOCK, len(wanted)))
            yield from zip((wanted[place] for place in block), pool.map(read, block), strict=True)


def _load_index(path: Path) -> dict[str, Finding]:
    if not path.exists():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: Finding((length, changed), content, problem, *map(tuple, size))
            for name, (length, changed, content, problem, *size) in rows.items()
        }
    except (ValueError, TypeError, AttributeError):
        logger.warning("%s is damaged and made anew", path)
        return {}


def save_index(path: Path, findings: dict[str, Finding]) -> None:
    """Replace the index by `findings`."""
    rows = {
        name: (*found.stamp, found.digest, found.problem, *([found.size] if found.size else []))
        for name, found in findings.items()
    }
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    unfinished.write_text(json.dumps(rows), encoding="utf-8")
    os.replace(unfinished, path)
