"""A dual encoder's cosines as a loss."""

import sys
from pathlib import Path

import pytest
import torch

from gansmith.errors import CheckpointError, ConfigError
from gansmith.objectives.caption_similarity import CaptionSimilarity

sys.path.insert(0, str(Path(__file__).parents[1] / "inference"))

import captioned

CAPTIONS = ["a red circle", "two blue squares"]


@pytest.fixture(scope="module")
def ckpt(tmp_path_factory):
    return captioned.save("dual_encoder", tmp_path_factory.mktemp("judge") / "model.ckpt")


def test_it_is_the_weighted_mean_of_one_minus_cosine(ckpt):
    loss = CaptionSimilarity(str(ckpt), weight=3.0)
    image = torch.rand(2, 3, 32, 32, requires_grad=True)
    value = loss(image, CAPTIONS)
    encoder = loss.judge.encoder
    cosines = torch.cosine_similarity(encoder.image(image), encoder.text(CAPTIONS))
    torch.testing.assert_close(value, 3 * (1 - cosines.mean()))
    value.backward()
    assert image.grad.abs().sum() > 0
    assert not any(weight.requires_grad for weight in loss.judge.parameters())


def test_what_does_not_work_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match=r"^model\.similarity\.weight is -1"):
        CaptionSimilarity("run", weight=-1)
    with pytest.raises(CheckpointError, match="nowhere"):
        _ = CaptionSimilarity(str(tmp_path / "nowhere")).judge
