import sys

import pytest
import torch

from gansmith.data import baselines
from gansmith.data.degrade.lab import luma, rgb_to_lab
from gansmith.data.tasks.colorize import CHROMA, Colorize
from gansmith.data.tasks.inpaint import with_hole
from gansmith.errors import ConfigError
from gansmith.noise import NoiseByIndex
from gansmith.ranges import to_uint8


def random_pictures(rows, channels=3, height=12, width=10):
    return torch.rand(rows, channels, height, width, generator=torch.Generator().manual_seed(7)) * 2 - 1


@pytest.fixture
def ramp():
    """A slope with a hole in its middle: the picture, its source, its mask."""
    image = torch.linspace(-0.8, 0.8, 32).expand(2, 3, 24, 32).clone()
    mask = torch.zeros(2, 1, 24, 32)
    mask[..., 9:14, 12:17] = 1
    return image, with_hole(image, mask), mask == 1


def test_the_mean_chroma_weighs_pixels_not_pictures():
    pictures = [random_pictures(2), random_pictures(1, height=30)]
    chroma = torch.cat([rgb_to_lab(batch)[:, 1:].transpose(0, 1).flatten(1) for batch in pictures], 1)
    torch.testing.assert_close(baselines.mean_chroma(pictures), chroma.mean(1), rtol=1e-5, atol=1e-4)


def test_the_mean_colour_is_colorize_with_a_constant():
    source = Colorize().derive({"image": random_pictures(2)}, NoiseByIndex(0, torch.arange(2)))["source"]
    chroma = torch.tensor([11.0, -22.0])
    constant = (chroma / CHROMA).view(1, 2, 1, 1).expand(2, -1, 12, 10)
    torch.testing.assert_close(baselines.mean_colour(source, chroma), Colorize().render(source, constant))
    none = baselines.mean_colour(source, torch.zeros(2))
    torch.testing.assert_close(none, Colorize().baseline(source))


def test_the_mean_fill_is_that_of_the_known_pixels(ramp):
    image, source, hole = ramp
    filled = baselines.mean_fill(source)
    known = ~hole.expand_as(image)
    assert torch.equal(filled[known], image[known])
    expected = image[1, 2][known[1, 2]].mean()
    torch.testing.assert_close(filled[1, 2][~known[1, 2]], expected.expand(25), rtol=0, atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_telea_continues_a_slope(ramp, channels):
    pytest.importorskip("cv2")
    image, source, hole = ramp
    source = torch.cat([source[:, :channels], source[:, -1:]], 1)
    image, hole = image[:, :channels], hole.expand(-1, channels, -1, -1)
    filled = baselines.telea(source)
    assert torch.equal(filled[~hole], image[~hole])
    error = (filled - image).abs()[hole].mean()
    assert error < 0.1
    assert error < (baselines.mean_fill(source) - image).abs()[hole].mean()


def test_telea_names_what_it_needs(ramp, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ConfigError, match="pip install opencv-python-headless"):
        baselines.telea(ramp[1])


def test_grey_world_takes_a_cast_away():
    values = random_pictures(2).add(1).div(2) * 0.5
    balanced = values * values.mean((1, 2, 3), keepdim=True) / values.mean((2, 3), keepdim=True)
    tinted = balanced * torch.tensor([1.2, 1.0, 0.8]).view(1, 3, 1, 1)
    result = baselines.grey_world(2 * tinted - 1)
    torch.testing.assert_close(result, 2 * balanced - 1, rtol=0, atol=1e-5)
    torch.testing.assert_close(baselines.grey_world(tinted[:, :1]), tinted[:, :1])


@pytest.mark.parametrize("channels", [1, 3])
def test_equalisation_spreads_the_luma(channels):
    dull = random_pictures(3, channels, 40, 40) * 0.2 + 0.3
    shades = luma(baselines.histogram_equalisation(dull)).flatten(1).sort(1).values
    flat = torch.linspace(-1, 1, 1600).expand(3, -1)
    assert (shades - flat).abs().mean() < 0.06


def test_equalisation_is_that_of_opencv():
    cv2 = pytest.importorskip("cv2")
    picture = to_uint8(random_pictures(1, 1, 50, 40) ** 3 * 0.6)
    expected = torch.from_numpy(cv2.equalizeHist(picture[0, 0].numpy()))
    result = to_uint8(baselines.histogram_equalisation(picture.float() / 127.5 - 1))[0, 0]
    assert (result.int() - expected.int()).abs().max() <= 1


def test_equalisation_leaves_a_picture_of_one_shade():
    flat = torch.full((1, 3, 4, 4), 0.25)
    torch.testing.assert_close(baselines.histogram_equalisation(flat), flat)


def test_the_median_removes_specks_and_keeps_edges():
    image = torch.ones(1, 1, 16, 16)
    image[..., :8] = -1
    specks = image.clone()
    specks[..., 3, 4] = specks[..., 10, 12] = 0.5
    assert torch.equal(baselines.median_filter(specks, 3), image)


def test_the_median_is_that_of_the_window():
    image = random_pictures(2)
    expected = image[1, 2, 3:8, 2:7].flatten().median()
    assert baselines.median_filter(image, 5)[1, 2, 5, 4] == expected
    assert baselines.median_filter(image, 5).shape == image.shape
