"""Which caption a picture was drawn for, by who knows, who can't tell, and who must not be asked."""

import judging
import pytest
import torch
from torch.nn.functional import one_hot

from gansmith.errors import CheckpointError, ConfigError
from gansmith.metrics.judge import load_judge, retrieval

CPU = torch.device("cpu")


class Knowing:
    """Embeds picture i and caption i as the same vector: a picture is of one colour, its number."""

    device = CPU

    def __init__(self, size=256):
        self.size, self.embedded, self.read_captions = size, 0, 0

    def embed(self, pictures):
        self.embedded += len(pictures)
        return one_hot(pictures[:, 0, 0, 0].long(), self.size).float()

    def read(self, captions):
        self.read_captions += len(captions)
        return one_hot(torch.tensor([int(caption) for caption in captions]), self.size).float()


class Collapsed(Knowing):
    """Embeds everything as the same vector."""

    def embed(self, pictures):
        return torch.ones(len(pictures), 2)

    def read(self, captions):
        return torch.ones(len(captions), 2)


class Blind(Knowing):
    """Sees the first one in every picture."""

    def embed(self, pictures):
        return super().embed(torch.zeros_like(pictures))


class Shifted(Knowing):
    """Finds the captions of the next four pictures as like a picture, and then its own."""

    def embed(self, pictures):
        own = super().embed(pictures)
        return own + sum(2 * own.roll(shift, dims=1) for shift in range(1, 5))


def numbered(indices):
    return indices[:, None, None, None].to(torch.uint8).expand(-1, 3, 4, 4)


def found(judge, count, **changes):
    return retrieval(judge, numbered, [str(number) for number in range(count)], CPU, batch_size=32, **changes)


def test_who_knows_finds_every_caption():
    assert found(Knowing(), 200) == {1: 1.0, 5: 1.0}


def test_who_tells_nothing_apart_finds_none():
    assert found(Collapsed(), 100) == {1: 0.0, 5: 0.0}
    # Ties count against it.
    assert found(Blind(), 100) == {1: 0.01, 5: 0.01}


def test_the_fifth_place_is_within_five_and_not_the_first():
    """The last four of a pool have fewer captions behind them, and the very last is first."""
    assert found(Shifted(), 100) == {1: pytest.approx(0.01), 5: 1.0}


def test_a_rest_that_fills_no_pool_is_left_out():
    judge, done = Knowing(), []
    assert found(judge, 199, tick=done.append) == {1: 1.0, 5: 1.0}
    assert judge.read_captions == done[-1] == 100
    # Whole batches, of which the last begins anew.
    assert judge.embedded == 128


def test_captions_of_other_pools_are_not_in_the_way():
    """Every picture is more like the captions of another pool than like its own."""

    class Astray(Knowing):
        def embed(self, pictures):
            own = super().embed(pictures)
            other = one_hot((pictures[:, 0, 0, 0].long() + 100) % 200, self.size)
            return own + 2 * other

    assert found(Astray(), 200) == {1: 1.0, 5: 1.0}


def test_the_judge_is_the_one_that_was_trained(tmp_path):
    trained = judging.saved(tmp_path / "run")
    for place in (tmp_path / "run", tmp_path / "run" / "checkpoints" / "last.ckpt"):
        judge = load_judge(place, "cpu")
        assert judge.fingerprint == trained.fingerprint
        assert not judge.training
    judging.saved(tmp_path / "other", seed=1)
    assert load_judge(tmp_path / "other", "cpu").fingerprint != trained.fingerprint


def test_a_model_of_another_kind_judges_nothing(tmp_path):
    judging.saved(tmp_path / "run", model=judging.LATENTS)
    with pytest.raises(ConfigError, match=r"^metrics\.judge=.*run holds model=gan; it takes a run of model=dual_enc"):
        load_judge(tmp_path / "run", "cpu")
    with pytest.raises(CheckpointError, match=r"^model\.encoder_from=.*nowhere"):
        load_judge(tmp_path / "nowhere", "cpu", "model.encoder_from")


def test_pictures_are_embedded_where_the_judge_is():
    asked = []

    class Elsewhere(Collapsed):
        device = torch.device("meta")

        def embed(self, pictures):
            asked.append(pictures.device.type)
            return super().embed(pictures)

    found(Elsewhere(), 100)
    assert set(asked) == {"meta"}
