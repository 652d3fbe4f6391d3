"""The colour photographs that lie inside installed packages: a first run needs no download."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import torch

from gansmith.data.decode import Decoder
from gansmith.data.imageset import digest
from gansmith.data.packaged import DISTRIBUTIONS, package_folder
from gansmith.data.picture_set import PictureSet, Together
from gansmith.data.pictures import MemoryPictures
from gansmith.errors import DataError

SCIKIT_IMAGE, SCIKIT_LEARN = "skimage", "sklearn"

# Split by photograph, never by crop; motorcycle's two views are nearly the same picture. Held out are an animal,
# a thing and a plant: fur, letters and gloss, petals before a blurred ground. Not taken are the two medical
# pictures, of which the retina alone would be nearly half of all crops.
PHOTOS = {
    "train": {
        "astronaut": (SCIKIT_IMAGE, "data/astronaut.png"),
        "china": (SCIKIT_LEARN, "datasets/images/china.jpg"),
        "hubble_deep_field": (SCIKIT_IMAGE, "data/hubble_deep_field.jpg"),
        "motorcycle_left": (SCIKIT_IMAGE, "data/motorcycle_left.png"),
        "motorcycle_right": (SCIKIT_IMAGE, "data/motorcycle_right.png"),
        "rocket": (SCIKIT_IMAGE, "data/rocket.jpg"),
    },
    "test": {
        "chelsea": (SCIKIT_IMAGE, "data/chelsea.png"),
        "coffee": (SCIKIT_IMAGE, "data/coffee.png"),
        "flower": (SCIKIT_LEARN, "datasets/images/flower.jpg"),
    },
}


class Photos:
    """Nine photographs of 300x451 to 872x1000 pixels: six to train, three to test."""

    paired: ClassVar[bool] = True

    def prepare(self, root: Path) -> None:
        """Nothing to bring."""

    def load(
        self, split: str, channels: Mapping[str, int], scale: int, *, root: Path, test_fraction: float
    ) -> list[PictureSet]:
        """One set of the field `image`. Raises DataError for a package or a file that is not there."""
        decoder = Decoder(channels=channels["image"])
        files = [_read(*place) for place in PHOTOS[split].values()]
        pictures = [torch.from_numpy(decoder(file).copy()) for file in files]
        photos = MemoryPictures(pictures, list(PHOTOS[split]), [digest([file]) for file in files], repr(decoder))
        return [Together({"image": photos}, {"image": 1})]


def _read(package: str, file: str) -> bytes:
    path = package_folder(package) / file
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} can't be read: {error.strerror}; installing {DISTRIBUTIONS[package]} again brings it"
        ) from error
