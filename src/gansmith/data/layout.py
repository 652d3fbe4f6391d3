"""How people lay out folders: trainA beside testA, train/ beside val/, A/train, or just A."""

from __future__ import annotations

from pathlib import Path

from gansmith.errors import DataError

HELD_OUT = ("test", "val", "valid")


def split_folders(root: Path, name: str = "") -> tuple[Path, Path | None]:
    """The folder of the training pictures, and that of the held-out ones where there is one.

    name: of the folder without its split ("A"); "" for pictures right below `root` or below `root`/train.
    Raises DataError if there is no such folder.
    """
    train = _first(root, ("train",), name)
    if train is not None:
        return train, _first(root, HELD_OUT, name)
    if not (root / name).is_dir():
        looked_for = [f"{root / other}" for other in (f"train{name}", name)] if name else [str(root)]
        raise DataError(f"data.root={root}: there is no folder {' or '.join(looked_for)}")
    return root / name, None


def _first(root: Path, splits: tuple[str, ...], name: str) -> Path | None:
    for split in splits:
        for path in (f"{split}{name}", f"{split}/{name}", f"{name}/{split}"):
            if (root / path).is_dir():
                return root / path
    return None
