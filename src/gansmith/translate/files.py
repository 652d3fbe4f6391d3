"""Which pictures are translated, and what the results are called."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from gansmith.data.files import is_picture
from gansmith.errors import ConfigError, DataError


@dataclass(frozen=True)
class Job:
    """One picture to translate.

    name: relative to the input, for messages.
    source, target: the file there is, and the one to make.
    mask: where its holes are, if that is said in a file.
    """

    name: str
    source: Path
    target: Path
    mask: Path | None = None


def find_jobs(input: Path, out: Path, format: str, mask: Path | None = None) -> tuple[list[Job], list[str]]:
    """The pictures in `input`, sorted, and the names of the other files there.

    Args:
        input: a file, or a folder whose pictures at any depth are meant; not those in `out`, nor hidden ones.
        out: folder of the results, in which relative names are kept.
        format: suffix of the results.
        mask: one file for all pictures, or a folder with masks of the same relative names, whatever their suffixes.

    Raises:
        DataError: there is no such file or folder, or no picture in it.
        ConfigError: a result would take the place of an input.
    """
    for key, path in (("input", input), ("mask", mask)):
        if path is not None and not path.exists():
            raise DataError(f"{key}={path} does not exist")
    root = input if input.is_dir() else input.parent
    found = _below(input, out) if input.is_dir() else [input.name]
    names = [name for name in found if is_picture(name)] if input.is_dir() else found
    if not names:
        raise DataError(f"input={input} holds no pictures")
    masks = _by_stem(mask) if mask is not None and mask.is_dir() else dict.fromkeys(map(_stem, names), mask)
    jobs = [
        Job(name, root / name, out / target, masks.get(_stem(name)))
        for name, target in zip(names, result_names(names, format))
    ]
    _check_inputs_are_kept(jobs, out)
    return jobs, [name for name in found if name not in set(names)]


def result_names(names: list[str], format: str) -> list[str]:
    """`a.jpg` becomes `a.png`; where `a.webp` is there too, they become `a.jpg.png` and `a.webp.png`."""
    results = [f"{_stem(name)}.{format}" for name in names]
    while clashing := {result for result, count in Counter(results).items() if count > 1}:
        results = [f"{name}.{format}" if result in clashing else result for name, result in zip(names, results)]
    return results


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]


def _by_stem(folder: Path) -> dict[str, Path | None]:
    return {_stem(name): folder / name for name in _below(folder) if is_picture(name)}


def _below(folder: Path, without: Path | None = None) -> list[str]:
    """Relative names of the files below `folder`, with forward slashes, but for hidden ones and those in `without`."""
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _is_left_out(Path(place, name), without)]
        found += [Path(place, name).relative_to(folder).as_posix() for name in files if not name.startswith(".")]
    return sorted(found)


def _is_left_out(folder: Path, without: Path | None) -> bool:
    return folder.name.startswith(".") or (without is not None and folder.resolve() == without.resolve())


def _check_inputs_are_kept(jobs: list[Job], out: Path) -> None:
    sources = {job.source.resolve() for job in jobs}
    for job in jobs:
        if job.target.resolve() in sources:
            raise ConfigError(f"out={out}: {job.target} is a picture of the input; take another folder")
