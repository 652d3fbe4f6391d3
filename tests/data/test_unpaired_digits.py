from pathlib import Path

import pytest
import torch

from gansmith.data.packaged import MNIST5k
from gansmith.data.unpaired_digits import INK, PAPER, UnpairedDigits, on_paper
from gansmith.errors import ConfigError


def load(split, channels=3, scale=1):
    fields = {"source": channels, "target": 3}
    return UnpairedDigits().load(split, fields, scale, root=Path(), test_fraction=0.1)


@pytest.fixture(scope="module")
def train():
    return load("train")


def everything(pictures, field):
    return torch.stack([pictures.read(i)[field] for i in range(len(pictures))])


def test_no_digit_to_train_with_has_its_partner_there(train):
    sources = everything(train[0], "source")
    targets = {one.numpy().tobytes() for one in everything(train[1], "target")}
    assert not targets & {one.numpy().tobytes() for one in on_paper(sources[:, :1])}


def test_the_halves_are_of_about_one_size_and_all_digits(train):
    sizes = [len(one) for one in train]
    assert sum(sizes) == len(MNIST5k().load("train", 32, 1, root=Path(), test_fraction=0.1))
    assert abs(sizes[0] - sizes[1]) < 0.1 * sum(sizes)


def test_test_digits_come_with_their_true_partners():
    (pairs,) = load("test")
    digits = MNIST5k().load("test", 32, 1, root=Path(), test_fraction=0.1).images
    assert torch.equal(everything(pairs, "source"), digits.expand(-1, 3, -1, -1))
    assert torch.equal(everything(pairs, "target"), on_paper(digits))


def test_partners_are_thicker_and_dark_on_light():
    digit = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)
    digit[..., 4, 4] = 255
    partner = on_paper(digit)[0]
    ink = (partner == torch.tensor(INK).view(3, 1, 1)).all(0)
    assert ink.nonzero().tolist() == [[row, column] for row in (3, 4, 5) for column in (3, 4, 5)]
    assert (partner[:, ~ink] == torch.tensor(PAPER).view(3, 1)).all()
    assert sum(INK) < sum(PAPER)


def test_sources_may_be_grey(train):
    assert load("test", channels=1)[0].read(0)["source"].shape == (1, 32, 32)
    with pytest.raises(ConfigError, match=r"data\.scale=2"):
        load("test", scale=2)
