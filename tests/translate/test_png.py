"""PNG files row by row: what other programs read is what was written."""

import io

import numpy as np
import pytest
from PIL import Image

from gansmith.translate.png import ROWS_AT_ONCE, PngWriter


def encoded(pixels, cuts, profile=None):
    file = io.BytesIO()
    writer = PngWriter(file, pixels.shape[1], pixels.shape[0], pixels.shape[2], profile)
    for rows in np.split(pixels, cuts):
        writer.write(rows)
    writer.close()
    return file


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 50), (3 * ROWS_AT_ONCE + 5, 7)])
def test_pixels_come_back(channels, mode, height, width):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)
    with Image.open(encoded(pixels, [height // 3, height // 2])) as image:
        image.load()
        assert image.mode == mode
        np.testing.assert_array_equal(np.asarray(image).reshape(pixels.shape), pixels)


def test_cuts_leave_no_trace(photograph):
    pixels = photograph(100, 60)
    assert encoded(pixels, []).getbuffer() == encoded(pixels, [16, 64]).getbuffer()


def test_the_profile_of_the_colours_comes_back():
    profile = bytes(range(256)) * 3
    with Image.open(encoded(np.zeros((2, 2, 3), np.uint8), [], profile)) as image:
        assert image.info["icc_profile"] == profile


def test_photographs_take_little_more_than_with_zlibs_best_effort(photograph):
    pixels = photograph(256, 320)
    best = io.BytesIO()
    Image.fromarray(pixels).save(best, "PNG", optimize=True)
    assert len(encoded(pixels, []).getbuffer()) < 1.1 * len(best.getbuffer())
