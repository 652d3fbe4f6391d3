"""Keys of models that draw what captions say."""

import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image

from gansmith.errors import ConfigError
from gansmith.inference.prompting import asked_of, prompt_conditions
from gansmith.models.prompts import FromCaptions

DATA = {"resolution": 8, "channels": 3}


class Reader(FromCaptions):
    """Reads captions, and is never asked to draw."""

    name = "reader"

    def __init__(self, *conditions):
        self.conditions = conditions


def conditions(reader=None, **asked):
    everything = Reader("guidance", "negative", "steps", "picture", "strength", "mask")
    return prompt_conditions(reader or everything, asked_of(OmegaConf.create(asked)), DATA)


def test_a_prompt_and_how_it_is_drawn_become_conditions():
    assert conditions(prompt="a red circle", negative=None, guidance=3) == {"prompt": "a red circle", "guidance": 3}
    assert conditions(prompt="a", steps=5, negative="b") == {"prompt": "a", "steps": 5, "negative": "b"}
    assert conditions(prompt="a", guidance=[1, 2.5]) == {"prompt": "a", "guidance": [1, 2.5]}
    # Hydra reads a caption of digits as a number.
    assert conditions(prompt=7) == {"prompt": "7"}
    assert conditions(prompt="") == {"prompt": ""}
    assert conditions() == conditions(prompts="prompts.txt") == {}


def test_a_picture_and_a_mask_are_read(tmp_path):
    for name in ("picture", "mask"):
        Image.new("RGB", (20, 12), "white").save(tmp_path / f"{name}.png")
    files = {name: str(tmp_path / f"{name}.png") for name in ("picture", "mask")}
    found = conditions(prompt="a", **files)
    assert torch.equal(found["picture"], torch.ones(1, 3, 8, 8))
    assert torch.equal(found["mask"], torch.ones(8, 8))


def test_a_picture_changes_in_part_where_nothing_is_said(tmp_path):
    assert asked_of(OmegaConf.create({"picture": "a"}))["strength"] == 0.6
    assert asked_of(OmegaConf.create({"picture": "a", "mask": "b"}))["strength"] == 1
    assert asked_of(OmegaConf.create({"picture": "a", "mask": "b", "strength": 0}))["strength"] == 0


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"prompt": "a", "prompts": "b"}, "prompts=b: it stands in place of prompt=…"),
        ({"prompt": "a", "mask": "b"}, "mask=b: it needs a picture to begin from, picture=FILE"),
        ({"prompt": "a", "strength": 0.5}, r"strength=0\.5: it needs a picture to begin from, picture=FILE"),
        ({"prompt": "a", "picture": "b", "strength": 1.5}, r"strength=1\.5: it is from 0 \(the picture stays\) to 1"),
        ({"prompt": "a", "picture": "b", "strength": -1}, "strength=-1: it is from 0"),
        ({"prompt": "a", "picture": "b", "strength": "some"}, "strength=some: it is from 0"),
        ({"prompt": "a", "steps": 0}, "steps=0: it counts from 1"),
        ({"prompt": "a", "steps": 2.5}, r"steps=2\.5: it counts from 1"),
        ({"prompt": "a", "guidance": "much"}, "guidance=much: it is a number from 0 on, or a list of them"),
        ({"prompt": "a", "guidance": -1}, "guidance=-1: it is a number from 0 on"),
        ({"prompt": "a", "guidance": float("inf")}, "guidance=inf: it is a number from 0 on"),
        ({"prompt": "a", "guidance": float("nan")}, "guidance=nan: it is a number from 0 on"),
        ({"prompt": "a", "guidance": []}, r"guidance=\[\]: it is a list of numbers from 0 on, such as \[1,2,4\]"),
        ({"prompt": "a", "guidance": [1, "b"]}, r"guidance=\[1, 'b'\]: it is a list of numbers"),
        ({"prompt": "a", "guidance": [2, 1, 2.0]}, r"guidance=\[2, 1, 2\.0\]: each is there once"),
    ],
)
def test_values_that_do_not_work_are_one_line(asked, message):
    with pytest.raises(ConfigError, match=f"^{message}"):
        asked_of(OmegaConf.create(asked))


def test_conditions_that_a_model_does_not_have_are_one_line():
    for key, value in (("guidance", 2), ("negative", "b"), ("steps", 3), ("picture", "b")):
        with pytest.raises(ConfigError, match=f"^{key}={value}: model=reader has none; imagen and dalle2 have$"):
            conditions(Reader(), prompt="a", **{key: value})
        with pytest.raises(ConfigError, match=f"^{key}={value}: it goes with a caption, prompt="):
            conditions(**{key: value})
    assert conditions(Reader(), prompt="a") == {"prompt": "a"}
