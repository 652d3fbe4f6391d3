import numpy as np
import pytest
import torch
from PIL import Image

from gansmith.data.pixels import fit, recolour, refit, stretch
from gansmith.errors import ConfigError

BOX = Image.Resampling.BOX


def noise(*shape):
    return torch.randint(256, shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def test_margin_puts_the_picture_in_the_middle_of_black():
    images = noise(2, 1, 28, 28)
    framed = refit(images, 32, 1, "lanczos", margin=2)
    assert torch.equal(framed[:, :, 2:-2, 2:-2], images)
    assert framed.sum() == images.sum()


def test_pictures_wanted_as_they_are_stay_as_they_are():
    images = noise(2, 1, 28, 28)
    assert torch.equal(refit(images, 28, 1, "lanczos", margin=2), images)


def test_grey_is_repeated_in_colour():
    images = noise(2, 1, 8, 8)
    assert torch.equal(refit(images, 8, 3, "lanczos"), images.expand(-1, 3, -1, -1))


def test_colour_becomes_luma():
    images = torch.tensor([200, 100, 50], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    assert refit(images, 4, 1, "lanczos").unique().item() == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)


def test_box_filter_averages_blocks():
    images = noise(3, 3, 16, 16)
    means = torch.nn.functional.avg_pool2d(images.float(), 4)
    assert (refit(images, 4, 3, "box").float() - means).abs().max() <= 1


def test_downscaling_is_antialiased():
    stripes = torch.tensor([0, 255], dtype=torch.uint8).repeat(32).expand(1, 1, 64, 64).contiguous()
    assert refit(stripes, 16, 1, "lanczos")[..., 2:-2].float().sub(127.5).abs().max() < 3


@pytest.mark.parametrize(("width", "height"), [(12, 4), (4, 12), (8, 4)])
def test_short_side_fits_and_the_centre_is_kept(width, height):
    rows, columns = np.mgrid[:height, :width]
    fitted = np.asarray(fit(Image.fromarray((16 * rows + columns).astype(np.uint8)), 4, BOX))
    top, left = (height - 4) // 2, (width - 4) // 2
    assert np.array_equal(fitted, (16 * rows + columns)[top : top + 4, left : left + 4])


def test_an_extreme_shape_takes_no_more_memory_than_its_centre():
    assert fit(Image.new("L", (50_000, 1), 9), 64, BOX).getextrema() == (9, 9)


def test_unknown_filter_names_key_and_choices():
    with pytest.raises(ConfigError, match=r"data\.source\.filter=sharp .*lanczos"):
        refit(noise(1, 1, 8, 8), 4, 1, "sharp")


def test_recoloured_pictures_are_luma_or_three_times_grey():
    colour = torch.tensor([200, 100, 50], dtype=torch.uint8).view(3, 1, 1).expand(3, 4, 5)
    assert recolour(colour, 1).unique().item() == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)
    grey = noise(1, 4, 5)
    assert torch.equal(recolour(grey, 3), grey.expand(3, -1, -1))
    assert recolour(grey, 1) is grey


@pytest.mark.parametrize("channels", [1, 3])
def test_stretched_pictures_keep_what_they_show_and_not_their_proportions(channels):
    ramp = torch.arange(0, 240, 10, dtype=torch.uint8).expand(channels, 6, 24).contiguous()
    stretched = stretch(ramp, 12, 12)
    assert stretched.shape == (channels, 12, 12)
    means = ramp[:, :1].float().unflatten(2, (12, 2)).mean(-1)
    assert (stretched.float() - means).abs()[..., 1:-1].max() <= 1
    assert stretch(ramp, 6, 24) is ramp
