"""A picture in windows, and together again."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image

from gansmith.translate.pictures import Picture
from gansmith.translate.tiling import Tiling
from gansmith.translate.writers import write_picture


def enlarged(window, scale):
    """Nearest neighbours, as a network would give them."""
    planes = window.pixels.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
    return planes.repeat(scale, 1).repeat(scale, 2)


@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize("size", [(70, 45), (1, 90), (160, 161)])
def test_an_identity_gives_the_picture_back(photograph, scale, size):
    pixels = photograph(*size)
    tiling = Tiling(Picture(pixels), None, tile=32, overlap=8, multiple=4, scale=scale)
    stripes = list(tiling.stripes(enlarged(window, scale) for window in tiling.windows()))
    result = np.concatenate(stripes)
    assert result.shape == (*tiling.size, 3)
    np.testing.assert_array_equal(result, pixels.repeat(scale, 0).repeat(scale, 1))
    assert tiling.count == len(list(tiling.windows()))


def test_holes_are_cut_as_the_pixels_are(photograph):
    pixels = photograph(50, 40)
    hole = pixels[..., 0] > 100
    for window in Tiling(Picture(pixels), hole, tile=16, overlap=4, multiple=1, scale=1).windows():
        np.testing.assert_array_equal(window.hole, window.pixels[..., 0] > 100)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_transparency_is_enlarged_as_if_it_were_whole(photograph, scale):
    pixels = photograph(90, 50)
    alpha = pixels[..., 1].copy()
    tiling = Tiling(Picture(pixels, alpha), None, tile=32, overlap=8, multiple=1, scale=scale)
    result = np.concatenate(list(tiling.stripes(enlarged(window, scale) for window in tiling.windows())))
    whole = Image.fromarray(alpha).resize((50 * scale, 90 * scale), Image.Resampling.BICUBIC)
    np.testing.assert_allclose(result[..., 3].astype(int), np.asarray(whole).astype(int), atol=1)


def peak_of_writing(path, height):
    """The most bytes that arrays take while a picture of 64 x `height` pixels is enlarged four times and written."""
    pixels = np.zeros((height, 64, 3), np.uint8)
    tracemalloc.start()
    tiling = Tiling(Picture(pixels), None, tile=64, overlap=16, multiple=1, scale=4)
    stripes = tiling.stripes(enlarged(window, 4) for window in tiling.windows())
    write_picture(path, "png", tiling.size, 3, stripes, None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_picture(tmp_path):
    low, high = (peak_of_writing(tmp_path / "a.png", height) for height in (500, 5000))
    assert high < 1.1 * low
    assert high < (4 * 5000) * (4 * 64) * 3 / 5  # of the picture in bytes
