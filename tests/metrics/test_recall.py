"""How a dual encoder is measured, on one that knows the truth."""

from types import SimpleNamespace

import judging
import pytest
import torch
from judging import Knowing

from gansmith.data.captioned.captions import caption_of
from gansmith.errors import ConfigError
from gansmith.experiment import build_model
from gansmith.metrics.recall import RetrievalProtocol


def protocol(**changes):
    return RetrievalProtocol("retrieval", **{"samples": 100, "during_samples": 100, **changes})


class Shades:
    """Of two hundred greys; which split is asked for is remembered."""

    name = "shades"

    def __init__(self, count=200):
        self.pictures, self.asked = judging.shades(0, count), []

    def split(self, name):
        self.asked.append(name)
        return self.pictures


class Guessing(Knowing):
    """Hears captions as vectors that have nothing to do with them."""

    def read(self, captions):
        return torch.randn(len(captions), 256)


def measure(model, data, **changes):
    samples = changes.pop("samples_now", None)
    return protocol(**changes).measure(model, data, device="cpu", cache_dir="unused", samples=samples)


def test_who_knows_finds_everything_and_who_guesses_next_to_nothing():
    assert measure(Knowing(), Shades(), samples=200) == {"retrieval_1": 1.0, "retrieval_5": 1.0}
    guessed = measure(Guessing(), Shades(), samples=200)
    assert guessed["retrieval_1"] < 0.05
    assert guessed["retrieval_5"] < 0.15


def test_pictures_are_some_of_the_split_with_the_caption_whose_turn_it_is():
    model, data = Knowing(), Shades()
    measure(model, data, split="validation", seed=3, batch_size=50)
    assert data.asked == ["validation"]
    assert len(set(model.seen)) == len(model.seen) == 100
    assert model.heard == [caption_of(data.pictures, number, 3) for number in model.seen]
    other = Knowing()
    measure(other, data, seed=4, batch_size=50)
    assert set(other.seen) != set(model.seen)


def test_the_course_of_training_takes_as_many_as_it_is_told():
    model = Knowing()
    measure(model, Shades(), samples=200, samples_now=100, batch_size=50)
    assert len(model.seen) == 100


def test_the_untrained_finds_no_more_than_chance_and_nobodys_random_numbers_are_drawn():
    torch.manual_seed(0)
    model = build_model({"model": judging.MODEL})
    before = torch.get_rng_state()
    assert measure(model, Shades(), samples=200)["retrieval_1"] < 0.1
    assert torch.equal(torch.get_rng_state(), before)
    assert model.training


def test_who_does_not_embed_is_told_so():
    with pytest.raises(
        ConfigError, match=r"^metrics=retrieval is for model=dual_encoder; model=imagen draws pictures$"
    ):
        protocol().check_model(SimpleNamespace(name="imagen", read=None))
    protocol().check_model(Knowing())
    protocol(metrics=[]).check_model(SimpleNamespace(name="imagen"))


def test_fewer_pictures_than_a_pool_are_too_few():
    with pytest.raises(
        ConfigError, match=r"^metrics=retrieval looks for captions in pools of 100, and there are 99 pic"
    ):
        protocol().check_data(Knowing(), Shades(99))
    protocol().check_data(Knowing(), Shades(100))


@pytest.mark.parametrize("key", ["samples", "during_samples"])
@pytest.mark.parametrize("value", [99, 0, None])
def test_fewer_samples_than_a_pool_are_one_line(key, value):
    with pytest.raises(ConfigError, match=rf"^metrics\.{key}={value} does not work: .* at least 100$"):
        protocol(**{key: value})


def test_best_is_who_finds_most_at_once():
    assert (protocol().primary_metric, protocol().direction) == ("retrieval_1", "max")
