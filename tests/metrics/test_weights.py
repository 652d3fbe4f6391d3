"""What identifies weights: the digest of the file, wherever it lies."""

import hashlib

import pytest
import torch
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

from gansmith.errors import WeightsError
from gansmith.metrics import extractors
from gansmith.metrics.weights import (
    PUBLISHED_FILES,
    RECIPE,
    file_digest,
    published_digest,
    read_state_dict,
    weights_digest,
)


def test_every_extractor_has_a_published_file():
    assert PUBLISHED_FILES.keys() == FEATURE_EXTRACTORS_REGISTRY.keys()
    assert extractors.EFFICIENTNET in PUBLISHED_FILES


@pytest.mark.parametrize(
    ("extractor", "digest"),
    [
        ("inception-v3-compat", "6726825d"),
        ("vgg16", "397923af"),
        ("clip-vit-b-32", "40d36571"),
        ("dinov2-vit-s-14", "published"),
        ("efficientnet_lite0", "57934424"),
        ("classifier", RECIPE),
    ],
)
def test_published_weights_are_known_by_their_name(extractor, digest):
    assert published_digest(extractor) == weights_digest(extractor, None) == digest


def test_a_file_is_known_by_its_content(tmp_path):
    first, second = tmp_path / "a.pth", tmp_path / "b.pth"
    first.write_bytes(b"weights" * 5)
    second.write_bytes(b"weights" * 5)
    expected = hashlib.sha256(b"weights" * 5).hexdigest()[:8]
    assert weights_digest("vgg16", str(first)) == file_digest(str(second), "key") == expected
    with pytest.raises(WeightsError, match=r"^metrics\.weights: can't read .*none\.pth"):
        weights_digest("vgg16", str(tmp_path / "none.pth"))


def test_only_tensors_by_name_are_weights(tmp_path):
    path = str(tmp_path / "file.pth")
    tensors = {"layer.weight": torch.rand(3)}
    torch.save(tensors, path)
    assert torch.equal(read_state_dict(path, "key")["layer.weight"], tensors["layer.weight"])
    torch.save({"layer.weight": 3}, path)
    with pytest.raises(WeightsError, match=r"^key: .* is not a state dict"):
        read_state_dict(path, "key")
    torch.save(print, path)
    with pytest.raises(WeightsError, match=r"^key: .* is not a file of weights"):
        read_state_dict(path, "key")
