"""Files of two folders that belong together by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gansmith.errors import DataError

# img_x4.png, imgx4.png, 0001X4.png: made from img.png, 4 times smaller.
SCALE = re.compile(r"_?[xX](\d+)$")


def match(
    sources: Iterable[str], targets: Iterable[str], places: tuple[str, str], scale: int = 1
) -> list[tuple[str, str]]:
    """Pairs of source and target with one name but for the ending, sorted by the target's.

    sources, targets: relative paths.
    places: the folders they lie in, for errors.
    scale: where it is not 1, a source's name may have it at its end.
    Raises DataError for a file without a partner, for two of one name, and for another scale in the name.
    """
    by_target = _by_name(((_stem(name), name) for name in targets), places[1])
    by_source = _by_name(((_partner(name, by_target, scale, places[0]), name) for name in sources), places[0])
    _check_partners(by_source, by_target, places)
    _check_partners(by_target, by_source, places[::-1])
    return [(by_source[stem], name) for stem, name in sorted(by_target.items())]


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _partner(name: str, by_target: dict[str, str], scale: int, place: str) -> str:
    """The stem of the target of a source."""
    stem = _stem(name)
    found = SCALE.search(stem)
    if scale == 1 or stem in by_target or found is None:
        return stem
    if int(found[1]) != scale:
        raise DataError(f"{place}/{name} is {found[1]} times smaller by its name, and data.scale={scale}")
    return stem[: found.start()]


def _by_name(pairs: Iterable[tuple[str, str]], place: str) -> dict[str, str]:
    named: dict[str, str] = {}
    for stem, name in pairs:
        if stem in named:
            raise DataError(f"{place}: {named[stem]} and {name} have one name; a pair is told by it")
        named[stem] = name
    return named


def _check_partners(some: dict[str, str], others: dict[str, str], places: tuple[str, str]) -> None:
    alone = [name for stem, name in some.items() if stem not in others]
    if alone:
        more = f" (nor have {len(alone) - 1} more)" if len(alone) > 1 else ""
        raise DataError(f"{places[0]}/{alone[0]} has no partner of its name in {places[1]}{more}")
