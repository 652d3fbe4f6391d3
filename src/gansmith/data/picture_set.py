"""What training crops and whole test pictures are taken from: samples of one or several fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar, Protocol

from torch import Tensor

from gansmith.data.catalogue import THREADS
from gansmith.data.imageset import digest
from gansmith.data.pictures import ROOM, Pictures
from gansmith.data.pixels import stretch
from gansmith.errors import DataError

Sample = dict[str, Tensor]


class PictureSet(Protocol):
    """A finite, ordered set of samples; the fields of a sample show the same thing, whole.

    scales: field -> how many times shorter its sides are than the sample's.
    names: what an error calls each sample.
    sizes: height and width of each sample.
    in_memory: whether reading a sample costs nothing.
    fingerprint: changes when any picture, their order or their transform changes.
    """

    scales: Mapping[str, int]
    names: Sequence[str]
    sizes: Sequence[tuple[int, int]]
    in_memory: bool

    @property
    def fingerprint(self) -> str: ...

    def __len__(self) -> int: ...

    def read(self, index: int) -> Sample:
        """Fields of one sample, uint8 (C, H / scale, W / scale) each. Raises DataError."""
        ...


class PictureSource(Protocol):
    """Where whole pictures come from: what a file in `conf/data/` names under `source`.

    paired: whether the fields of a sample to train with show the same thing.
    """

    paired: ClassVar[bool]

    def prepare(self, root: Path) -> None:
        """Bring the files under `root`; called by one process a machine, and may find them there already."""
        ...

    def load(
        self, split: str, channels: Mapping[str, int], scale: int, *, root: Path, test_fraction: float
    ) -> list[PictureSet]:
        """The pictures of `split` ("train" or "test"): sets whose samples are drawn independently of each other.

        channels: field -> 1 (grey) or 3 (RGB), for every field that is wanted.
        scale: side of the target by side of the source, where there are both.
        Sets with an official split use it; others hold out about `test_fraction` of their pictures.
        """
        ...


class Together:
    """Pictures that belong together by their place: sample i has the i-th of every field.

    scales: see `PictureSet`; the last field with scale 1 gives a sample its name and size.
    Raises DataError if the sizes of two pictures that belong together don't fit.
    """

    def __init__(self, pictures: Mapping[str, Pictures], scales: Mapping[str, int]) -> None:
        self.pictures = pictures
        self.scales = scales
        main = [one for field, one in pictures.items() if scales[field] == 1][-1]
        self.names, self.sizes = main.names, main.sizes
        self.in_memory = all(one.in_memory for one in pictures.values())
        for field, one in pictures.items():
            for name, size, other, whole in zip(one.names, one.sizes, self.names, self.sizes, strict=True):
                _check_size(name, size, other, whole, scales[field])

    @property
    def fingerprint(self) -> str:
        parts = ((field, one.transform, *one.keys) for field, one in self.pictures.items())
        return digest("\n".join(part).encode() for part in parts)

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int) -> Sample:
        return {field: one.read(index) for field, one in self.pictures.items()}


class Resized:
    """The samples of another set as squares, bicubically; kept in memory if they fit.

    side: of the fields with scale 1; every scale divides it.
    """

    def __init__(self, whole: PictureSet, side: int) -> None:
        self.whole = whole
        self.side = side
        self.scales, self.names = whole.scales, whole.names
        self.sizes: Sequence[tuple[int, int]] = [(side, side)] * len(whole)
        # Three channels at most, and the source is no larger than the target.
        self.in_memory = len(whole) * len(whole.scales) * 3 * side**2 <= ROOM
        self._kept: list[Sample] | None = None
        if self.in_memory:
            with ThreadPoolExecutor(THREADS) as pool:
                self._kept = list(pool.map(self._resized, range(len(whole))))

    @property
    def fingerprint(self) -> str:
        return digest([self.whole.fingerprint.encode(), repr(self.side).encode()])

    def __len__(self) -> int:
        return len(self.whole)

    def read(self, index: int) -> Sample:
        return self._resized(index) if self._kept is None else self._kept[index]

    def _resized(self, index: int) -> Sample:
        sides = {field: self.side // scale for field, scale in self.scales.items()}
        sample = self.whole.read(index)
        return {field: stretch(picture, sides[field], sides[field]) for field, picture in sample.items()}


class PictureExamples:
    """Whole samples one by one; example i of several sets has the i-th of each, and shorter sets begin anew."""

    def __init__(self, sets: Sequence[PictureSet]) -> None:
        self.sets = sets
        self.paired = len(sets) == 1

    @property
    def fingerprint(self) -> str:
        return digest(one.fingerprint.encode() for one in self.sets)

    def __len__(self) -> int:
        return max(len(one) for one in self.sets)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return {field: value for one in self.sets for field, value in one.read(index % len(one)).items()}


def _check_size(name: str, size: tuple[int, int], other: str, whole: tuple[int, int], scale: int) -> None:
    if (scale * size[0], scale * size[1]) != tuple(whole):
        times = "" if scale == 1 else f", {scale} times (data.scale) smaller"
        raise DataError(
            f"{name} is {size[1]}x{size[0]} and its partner {other} {whole[1]}x{whole[0]}; expected one size{times}"
        )
