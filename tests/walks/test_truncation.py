"""Sheets of truncated samples."""

import numpy as np
import pytest
import torch
import walking
from PIL import Image

from gansmith.errors import ConfigError
from gansmith.training.samples import PADDING, READABLE
from gansmith.training.sheets import LABEL_HEIGHT
from gansmith.walks import truncation
from gansmith.walks.truncation import chosen_values

SIDE = READABLE + PADDING


def tiles(path, rows, columns):
    """The pictures of a sheet, 8x8, without the labels above."""
    with Image.open(path) as image:
        pixels = torch.from_numpy(np.array(image.convert("L")))
    return torch.stack(
        [
            torch.stack(
                [
                    pixels[LABEL_HEIGHT + row * SIDE :, PADDING + column * SIDE :][:READABLE, :READABLE][::8, ::8]
                    for column in range(columns)
                ]
            )
            for row in range(rows)
        ]
    )


def test_the_first_column_is_the_samples_and_the_mean_is_one_picture_for_all(tmp_path):
    model = walking.stylegan2_model()
    for module in model.modules():
        if hasattr(module, "strength"):
            torch.nn.init.zeros_(module.strength)
    config = walking.settings(n=3, truncations=[1, 0.5, 0])
    (path,) = truncation.truncation(walking.walker(model), config, tmp_path)
    found = tiles(path, 3, 3)
    assert torch.equal(found[:, 0], model.sample_images(torch.arange(3), 3)[:, 0])
    assert torch.equal(found[:, 1], model.sample_images(torch.arange(3), 3, truncation=0.5)[:, 0])
    assert (found[:, 2] == found[0, 2]).all()
    assert not (found[:, 0] == found[0, 0]).all()


def test_what_is_truncated_away_leaves_the_noise(tmp_path):
    model = walking.stylegan2_model()
    walker = walking.walker(model, truncation=0)
    rows = torch.arange(3)
    code = walker.code(rows, "w")
    assert (code == model.sampler.mean).all()
    # The same noise makes the same picture of the mean.
    same = walker.show(code, torch.zeros_like(rows), "w", "")
    assert (same == same[0]).all()
    assert not (walker.show(code, rows, "w", "") == same).all()


def test_models_have_the_values_of_their_papers(tmp_path):
    assert chosen_values(None, walking.walker(walking.stylegan2_model())) == [1, 0.7, 0.5, 0, -0.5, -1]
    assert chosen_values(None, walking.walker(walking.biggan_model())) == [2, 1, 0.5, 0.04]
    (path,) = truncation.truncation(walking.walker(walking.biggan_model()), walking.settings(n=2), tmp_path)
    expected = walking.biggan_model().sample_images(torch.arange(2), 3, truncation=0.5)
    assert torch.equal(tiles(path, 2, 4)[:, 2], expected[:, 0])


def test_what_does_not_work_is_named(tmp_path):
    stylegan2 = walking.walker(walking.stylegan2_model())
    with pytest.raises(ConfigError, match=r"model=cgan has none; stylegan2 .* and biggan .* have"):
        chosen_values(None, walking.walker(walking.conditional_model()))
    for values in ([], ["much"], [True]):
        with pytest.raises(ConfigError, match="it is a list of numbers"):
            chosen_values(values, stylegan2)
    with pytest.raises(ConfigError, match=r"truncations=\["):
        chosen_values(None, walking.walker(walking.stylegan2_model(), truncation=0.5))
    config = walking.settings(truncations=[-1])
    with pytest.raises(ConfigError, match="truncation is -1"):
        truncation.truncation(walking.walker(walking.biggan_model()), config, tmp_path)
