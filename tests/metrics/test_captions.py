"""How pictures from captions are measured, on a painter that knows the truth."""

from types import SimpleNamespace

import judging
import pytest
import torch

from gansmith.data.captioned.captions import caption_of
from gansmith.data.captioned.scenes.module import SceneData
from gansmith.data.captioned.scenes.source import Scenes
from gansmith.errors import ConfigError
from gansmith.metrics import captions
from gansmith.metrics import captions as measuring
from gansmith.metrics.captions import CaptionProtocol, check_impartial
from gansmith.metrics.judge import check_fits, load_judge

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


# What a judge says.


def judged(**changes):
    return protocol(
        **{"metrics": ["retrieval"], "judge": "logs/judge", "samples": 100, "during_samples": 100, **changes}
    )


class Shades:
    """A hundred greys a split, with captions of which no two are alike."""

    name = "shades"

    def __init__(self, count=100):
        self.splits = {"train": judging.shades(0, count), "test": judging.shades(128, count)}
        self.channels, self.classes, self.resolution = 3, 0, 32

    def split(self, name):
        return self.splits[name]


class Painter:
    """Draws the grey that a caption names, plus so much."""

    name, sample_stages = "painter", None

    def __init__(self, off=0):
        self.off = off

    def sample_images(self, indices, seed, prompt):
        greys = torch.tensor([int(caption.split()[0]) + self.off for caption in prompt])
        return greys.to(torch.uint8)[:, None, None, None].expand(-1, 3, 32, 32)


@pytest.mark.parametrize(("off", "share"), [(0, 1.0), (3, 0.0)])
def test_pictures_of_what_captions_say_are_found_on_both_splits(off, share, monkeypatch):
    judge = judging.Knowing()
    monkeypatch.setattr(measuring, "load_judge", lambda ckpt, device: judge)
    found = judged().measure(Painter(off), Shades(), device="cpu", cache_dir="unused")
    places = [f"{split}retrieval_{k}" for split in ("", "held_out_") for k in (1, 5)]
    assert found == {**dict.fromkeys(places, share), **{f"real_{place}": 1.0 for place in places}}
    # Captions of the training split, then of the test split, for samples and for real pictures.
    assert [caption.split()[0] for caption in judge.heard] == [
        str(first + grey) for first in (0, 0, 128, 128) for grey in range(100)
    ]


def test_retrieval_asks_for_a_judge():
    with pytest.raises(
        ConfigError, match=r"^metrics\.judge=None does not work: .*a run of model=dual_encoder, where metrics"
    ):
        judged(judge=None)
    assert protocol(judge=None).judge is None


def test_results_are_named_and_more_is_better():
    found = judged(metrics=["fd", "retrieval"], primary="retrieval")
    assert (found.primary_metric, found.direction) == ("retrieval_1", "max")
    assert found.set_metrics == ("fd",)
    assert found.result_name("fd") == "fd_efficientnet_lite0"


@pytest.mark.parametrize("key", ["samples", "during_samples"])
def test_fewer_samples_than_a_pool_are_one_line(key):
    with pytest.raises(
        ConfigError, match=rf"^metrics\.{key}=99 does not work: .* at least 100, where metrics has retrieval$"
    ):
        judged(**{key: 99})
    assert getattr(protocol(**{key: 99}), key) == 99


def test_fewer_pictures_than_a_pool_are_one_line(monkeypatch):
    monkeypatch.setattr(captions, "load_judge", lambda *_: None)
    monkeypatch.setattr(captions, "check_fits", lambda *_: None)
    with pytest.raises(
        ConfigError, match=r"^metrics=captions looks for captions in pools of 100, and there are 40 pictures$"
    ):
        judged().check_data(Painter(), Shades(40))
    judged().check_data(Painter(), Shades())


def test_a_judge_of_pictures_of_another_form_is_one_line():
    judge = SimpleNamespace(encoder=SimpleNamespace(image=SimpleNamespace(channels=3, resolution=64)))
    check_fits(judge, "metrics.judge", 3, 64)
    with pytest.raises(ConfigError, match=r"^metrics\.judge reads pictures of 64 px and 3 channels"):
        check_fits(judge, "metrics.judge", 1, 32)


def test_a_judge_that_conditions_the_model_is_refused(tmp_path):
    encoder = judging.saved(tmp_path / "judge").encoder
    other = judging.saved(tmp_path / "other", seed=1).encoder
    conditioned, apart, without = (
        SimpleNamespace(name="painter", sample_stages=None, sampler=SimpleNamespace(**parts))
        for parts in ({"encoder": encoder}, {"encoder": other}, {})
    )
    found = judged(judge=str(tmp_path / "judge"))
    with pytest.raises(ConfigError, match=r"^metrics\.judge is the dual encoder of the model itself: train another"):
        found.check_model(conditioned)
    for model in (apart, without):
        found.check_model(model)
        check_impartial(load_judge(tmp_path / "judge", "cpu"), model)


def test_a_judge_of_the_run_that_conditions_is_refused(tmp_path):
    """Its last weights differ from its best ones, and have learnt the same."""
    judging.saved(tmp_path / "run")
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    other = judging.saved(tmp_path / "other", seed=1).encoder
    plain = SimpleNamespace(encoder=other)
    reading = SimpleNamespace(text=SimpleNamespace(frozen=SimpleNamespace(ckpt=str(last))))
    pleased = SimpleNamespace(ckpt=str(last), judge=SimpleNamespace(encoder=other))
    for parts in ({"encoder_from": str(last)}, {"similarity": pleased}, {"sampler": reading}):
        model = SimpleNamespace(**{"name": "painter", "sample_stages": None, "sampler": plain} | parts)
        with pytest.raises(ConfigError, match=r"^metrics\.judge is the dual encoder of the model itself"):
            judged(judge=str(tmp_path / "run")).check_model(model)


def test_which_protocol_it_is_depends_on_the_judges_weights_not_on_where_they_lie(tmp_path):
    for name, seed in (("one", 0), ("same", 0), ("other", 1)):
        judging.saved(tmp_path / name, seed)
    one, same, other = (judged(judge=str(tmp_path / name)).hash for name in ("one", "same", "other"))
    assert one == same != other
