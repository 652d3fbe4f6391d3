"""How pictures from captions are measured, on a painter that knows the truth."""

from types import SimpleNamespace

import pytest
import torch

from gansmith.data.captioned.captions import caption_of
from gansmith.data.captioned.scenes.module import SceneData
from gansmith.data.captioned.scenes.source import Scenes
from gansmith.errors import ConfigError
from gansmith.metrics.captions import CaptionProtocol

DATA = SceneData("scenes", Scenes(size=40, test_size=40), resolution=32, channels=3)


def protocol(**changes):
    settings = {"metrics": ["statements"], "samples": 30, "during_samples": 10, "reference_samples": 20}
    return CaptionProtocol("captions", **{**settings, **changes})


class Copyist:
    """Draws the real picture of a caption, or in grey where it is to know nothing."""

    name = "copyist"

    def __init__(self, knows):
        self.knows = knows
        splits = [DATA.train, DATA.test]
        self.pictures = {
            caption: split.batch(torch.tensor([index]))[0]
            for split in splits
            for index in range(len(split))
            for caption in split.captions(index)
        }

    def sample_stages(self, indices, seed, prompt):
        return {"sample": self.sample_images(indices, seed, prompt)}

    def sample_images(self, indices, seed, prompt):
        pictures = torch.stack([self.pictures[caption] for caption in prompt])
        return pictures if self.knows else torch.full_like(pictures, 200)


def measure(model, **changes):
    return protocol(**changes).measure(model, DATA, device="cpu", cache_dir="unused")


def test_who_draws_what_captions_say_is_right_in_everything():
    result = measure(Copyist(knows=True))
    assert set(result) >= {"right_colour", "right_shape", "right_all", "held_out_colour", "held_out_shape"}
    assert min(result.values()) > 0.95


def test_who_draws_nothing_is_right_in_nothing():
    assert max(measure(Copyist(knows=False)).values()) == 0


def test_sample_i_is_drawn_for_the_caption_of_the_ith_real_picture():
    asked = []

    def sample_images(indices, seed, prompt):
        asked.extend(prompt)

    model = SimpleNamespace(name="model", sample_stages=None, sample_images=sample_images)
    found = protocol(seed=3)
    found.sampler(model, DATA)(torch.tensor([0, 21, 1]))
    from gansmith.metrics.reference import reference_indices

    places = reference_indices(DATA.train, found)
    assert asked == [caption_of(DATA.train, int(places[place]), 3) for place in (0, 1, 1)]


def test_who_reads_no_captions_is_told_so():
    with pytest.raises(ConfigError, match="model=dcgan reads none"):
        protocol().check_model(SimpleNamespace(name="dcgan"))


def test_best_is_the_most_right():
    assert (protocol().primary_metric, protocol().direction) == ("right_shape", "max")
