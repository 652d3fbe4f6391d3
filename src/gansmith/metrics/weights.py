"""Which weights an extractor uses: the published file, or one that the user gives."""

import hashlib
from pathlib import Path

import torch
from torch import Tensor
from torch_fidelity.feature_extractor_clip import MODEL_METADATA as CLIP
from torch_fidelity.feature_extractor_dinov2 import MODEL_METADATA as DINOV2

from gansmith.errors import WeightsError

EFFICIENTNET = "efficientnet_lite0"
INCEPTION = "inception-v3-compat"
VGG16 = "vgg16"
CLASSIFIER = "classifier"
RECIPE = "recipe-1"
"""Of the classifier's training: how its weights follow from the data."""

PUBLISHED_FILES = {
    INCEPTION: "weights-inception-2015-12-05-6726825d.pth",
    EFFICIENTNET: "efficientnet-lite0-57934424.pth",
    VGG16: "vgg16-397923af.pth",
    **{name: f"{name}-{published['hash']}.pt" for name, published in CLIP.items()},
    **{name: f"{published}_pretrain.pth" for name, published in DINOV2.items()},
}
"""Extractors whose weights can be given as a file. The name of the published one ends in its digest, but DINOv2's."""


def weights_digest(extractor: str, weights: str | None) -> str:
    """What identifies the weights in a protocol and in a cache key, wherever the file lies.

    Returns the first 8 hex digits of the file's SHA-256, as in the names of published files; `published` for
    published weights whose name has none; the recipe's name for a classifier of the data set itself.

    Raises WeightsError if `weights` names a file that can't be read.
    """
    return published_digest(extractor) if weights is None else file_digest(weights, "metrics.weights")


def published_digest(extractor: str) -> str:
    """The digest of the weights that the extractor's authors published."""
    if extractor == CLASSIFIER:
        return RECIPE
    _, dash, digest = Path(PUBLISHED_FILES.get(extractor, "")).stem.rpartition("-")
    return digest[:8] if dash else "published"


def file_digest(path: str, key: str) -> str:
    """The first 8 hex digits of a file's SHA-256. Raises WeightsError, which names the config's `key`."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while part := file.read(1 << 24):
                digest.update(part)
    except OSError as error:
        raise WeightsError(f"{key}: can't read {path}: {error.strerror}") from error
    return digest.hexdigest()[:8]


def read_state_dict(path: str, key: str) -> dict[str, Tensor]:
    """The tensors in a file, by name; whatever else it holds is not run.

    Raises:
        WeightsError: no such file, or one of another kind; it names the config's `key`.
    """
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise WeightsError(f"{key}: there is no file {path}") from error
    except Exception as error:
        raise WeightsError(f"{key}: {path} is not a file of weights saved by torch.save") from error
    if not isinstance(tensors, dict) or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise WeightsError(f"{key}: {path} is not a state dict (a dictionary of tensors)")
    return tensors


def why_no_weights(error: Exception, file: str, key: str, otherwise: str) -> str:
    """One line for weights that can't be had: the cause, which file goes where, and what does without."""
    cause = str(error).splitlines()[0] if str(error) else type(error).__name__
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    return f"no weights ({cause}); put {file} into {folder} or name it in {key}; {otherwise}"
