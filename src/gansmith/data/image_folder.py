"""One's own pictures: a flat folder, or one folder a class."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from gansmith.data.encoded import EncodedSource
from gansmith.data.files import Folder, PictureFiles


class ImageFolder(EncodedSource):
    """The pictures below `data.root`.

    If every one lies in a folder of its own class, the sorted names of the top-level folders are the classes;
    pictures beside them, or a single folder, mean that there are none.
    """

    def files(self, root: Path) -> Folder:
        return Folder(root)

    def labels(self, files: PictureFiles, names: list[str]) -> tuple[Tensor, int] | None:
        folders = [name.partition("/")[0] if "/" in name else None for name in names]
        classes = sorted({folder for folder in folders if folder is not None})
        if None in folders or len(classes) < 2:
            return None
        places = {name: place for place, name in enumerate(classes)}
        return torch.tensor([places[folder] for folder in folders if folder is not None]), len(classes)
