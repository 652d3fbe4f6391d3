"""CelebA's aligned faces (Liu et al., 2015, arXiv:1411.7766), with its official partition."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from gansmith.data.catalogue import Finding
from gansmith.data.encoded import EncodedSource
from gansmith.data.files import Folder, PictureFiles
from gansmith.data.torchvision_sets import download
from gansmith.errors import DataError

PARTITION = "list_eval_partition.txt"
CODES = {"train": 0, "test": 2}


class CelebA(EncodedSource):
    """178x218 portraits, cropped to the centre 178x178; its 40 attributes are no classes, so no labels."""

    def prepare(self, root: Path) -> None:
        """Download to `root`/celeba, unless pictures and partition are there. Raises DataError."""
        if not ((root / "celeba" / PARTITION).is_file() and (root / "celeba/img_align_celeba").is_dir()):
            download("CelebA", root)

    def files(self, root: Path) -> Folder:
        return Folder(root / "celeba" / "img_align_celeba")

    def labels(self, files: PictureFiles, names: list[str]) -> None:
        return None

    def chosen(self, split: str, files: PictureFiles, readable: Mapping[str, Finding], test_fraction: float) -> Tensor:
        table = Path(files.place).parent / PARTITION
        try:
            rows = [line.split() for line in table.read_text(encoding="utf-8").splitlines()]
            codes = {name: int(code) for name, code in rows}
        except (OSError, ValueError) as error:
            raise DataError(f"{table} can't be read: {error}") from error
        return torch.tensor([codes.get(name) == CODES[split] for name in readable])
