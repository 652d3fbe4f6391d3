"""Real features on disk, under a key of everything that changes them."""

import hashlib
import json
import logging
import os
import tempfile
from pathlib import Path

import torch
from torch import Tensor

log = logging.getLogger("gansmith.metrics")


def cache_path(folder: str | os.PathLike[str], **content: object) -> Path:
    """The file for features that depend on `content`: another content, another file."""
    key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]
    return Path(folder) / f"{key}.pt"


def load(path: Path) -> dict[str, Tensor] | None:
    """The tensors stored at `path`, or None if there are none or the file is broken."""
    if not path.is_file():
        return None
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
        if all(torch.isfinite(value).all() for value in tensors.values()):
            return tensors
    except Exception as error:
        log.warning("%s can't be read (%s): computing it again", path, type(error).__name__)
        return None
    log.warning("%s has values that are not finite: computing it again", path)
    return None


def store(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write the tensors so that nobody ever reads half of a file, also when two runs write the same one.

    A folder that can't be written to costs time at the next evaluation, not this one's result: a warning.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    except OSError as error:
        log.warning("real features are not cached: can't write to %s (%s)", path.parent, error.strerror)
        return
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(tensors, file)
        os.replace(unfinished, path)
    except OSError as error:
        log.warning("real features are not cached: can't write %s (%s)", path, error.strerror)
        Path(unfinished).unlink(missing_ok=True)
