"""Which weights an extractor uses: the published file, or one that the user gives."""

import hashlib
from pathlib import Path

from gansmith.errors import WeightsError

EFFICIENTNET = "efficientnet_lite0"
INCEPTION = "inception-v3-compat"

PUBLISHED_FILES = {
    INCEPTION: "weights-inception-2015-12-05-6726825d.pth",
    EFFICIENTNET: "efficientnet-lite0-57934424.pth",
}
"""Extractors whose weights can be given as a file. The name of the published one ends in its digest."""


def weights_digest(extractor: str, weights: str | None) -> str:
    """What identifies the weights in a protocol and in a cache key, wherever the file lies.

    Returns the first 8 hex digits of the file's SHA-256, as in the names of published files, or "published"
    for the weights that torch-fidelity downloads for its other extractors.

    Raises WeightsError if `weights` names a file that can't be read.
    """
    if weights is None:
        return published_digest(extractor)
    try:
        return hashlib.sha256(Path(weights).read_bytes()).hexdigest()[:8]
    except OSError as error:
        raise WeightsError(f"metrics.weights: can't read {weights}: {error.strerror}") from error


def published_digest(extractor: str) -> str:
    """The digest of the weights that the extractor's authors published."""
    file = PUBLISHED_FILES.get(extractor)
    return "published" if file is None else Path(file).stem.rsplit("-", 1)[1]
