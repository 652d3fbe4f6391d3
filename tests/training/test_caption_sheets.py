"""Sheets of held-out captions."""

from types import SimpleNamespace

import pytest
import torch

from gansmith.data.captioned.scenes.module import SceneData
from gansmith.data.captioned.scenes.source import Scenes
from gansmith.errors import ConfigError
from gansmith.training.caption_sheets import CaptionSheets, written_lines


class Painter:
    """Draws grey pictures and remembers what it was asked."""

    name = "painter"

    def sample_stages(self, indices, seed, prompt):
        self.asked = (indices.tolist(), seed, prompt)
        return {"small": torch.full((len(indices), 3, 16, 16), 9, dtype=torch.uint8)}


def test_a_row_shows_a_held_out_picture_and_what_is_drawn_for_its_caption(tmp_path):
    data = SceneData("scenes", Scenes(size=4, test_size=6), resolution=16, channels=3)
    painter, sheets = Painter(), CaptionSheets(tmp_path, count=3, seed=5)
    picture = sheets.draw(SimpleNamespace(datamodule=data), painter)
    numbers, seed, prompts = painter.asked
    assert (numbers, seed) == ([0, 1, 2], 5)
    for place, prompt in zip((0, 2, 4), prompts, strict=True):
        assert prompt in data.test.captions(place)
    real = data.test.batch(torch.tensor([0]))[0].repeat_interleave(4, 1).repeat_interleave(4, 2)
    assert (picture == 9).any()
    corner = next(left for left in range(8) if torch.equal(picture[:, 14 : 14 + 64, left : left + 64], real))
    assert corner < 8


def test_long_captions_take_several_lines():
    def rows(text):
        return int((written_lines(text)[0, 0] < 128).any(1).nonzero().max())

    assert rows("a red circle") < 14 < rows("a red circle and a blue square and a very large green cross")


def test_a_model_that_reads_no_captions_is_told_so(tmp_path):
    with pytest.raises(ConfigError, match="model=dcgan reads none: take callbacks=default"):
        CaptionSheets(tmp_path).check_model(SimpleNamespace(name="dcgan"))
